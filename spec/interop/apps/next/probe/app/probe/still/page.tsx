/** Made by the build, the same for everybody. */
export default function Page() {
  return <p>still</p>;
}
