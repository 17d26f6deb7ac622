import type { Config } from "@react-router/dev/config";

export default {} satisfies Config; // React Router 7: { future: { v8_middleware: true } }
