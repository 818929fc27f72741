// The host interface of wit/v1, as componentize-qjs offers it to JavaScript.
declare module "hyper:plugin/host@1.0.0" {
  export function call(name: string, payload: string): string;
  export function log(level: "debug" | "info" | "warn" | "error", message: string): void;
}
