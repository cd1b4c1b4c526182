/** Failures as clients of the Messages API read them, with the four keys that all our errors have. */
import type { Failure } from "../../../shared/failure.ts";
import { namedFrame } from "../../proxy/frames.ts";

const types: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

/** REQUEST_ID: where the client has no header to read it from any more, there is none. */
export function errorBody(failure: Failure, request_id?: string) {
  const { message, param, code, status, details } = failure;
  const type = types[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
  return {
    type: "error",
    error: { type, message, param, code, ...(details && { details }) },
    ...(request_id !== undefined && { request_id }),
  };
}

export const errorEvent = (failure: Failure): Buffer => namedFrame(errorBody(failure));
