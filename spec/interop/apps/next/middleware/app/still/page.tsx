/** Made by the build, and the same for everybody. */
export default function Page() {
  return <main>still</main>;
}
