/** Files that travel inside the binary as text or as an embedded path. */
declare module "*.proto" {
  const text: string;
  export default text;
}
declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.gguf" {
  const path: string;
  export default path;
}
declare module "*.py" {
  const text: string;
  export default text;
}
