import type { GetServerSideProps } from "next";
import { visitors } from "../session";

/** The Pages Router has node:http's request and response. */
export const getServerSideProps: GetServerSideProps<{ text: string }> = async ({
  req,
  res,
  query,
}) => {
  const session = await visitors.load(req, res);
  if (query.note !== undefined) (session.notes ??= []).push(String(query.note));
  if (query.logout !== undefined) await session.destroy();
  return { props: { text: `${session.user ?? "nobody"}: ${session.notes?.join(" ") ?? ""}.` } };
};

export default function Page({ text }: { text: string }) {
  return <main>{text}</main>;
}
