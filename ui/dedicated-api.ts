/** What the dashboard asks about Dedicated endpoints and settings. */
import type {
  DryRunView,
  EndpointChanges,
  EndpointEvent,
  EndpointView,
  NotificationView,
  Provision,
  Series,
  SettingsBody,
  SettingsView,
} from "../src/app/control-api.ts";
import { at, json, type List } from "./api.ts";

export type { List };

export type Order = "pause" | "resume" | "sleep" | "wake";

export const listEndpoints = (): Promise<List<EndpointView>> => json("/api/endpoints");
export const findEndpoint = (id: string): Promise<EndpointView> => json(at("endpoints", id));
export const listEvents = (id: string): Promise<List<EndpointEvent>> =>
  json(`${at("endpoints", id)}/events?limit=50`);
export const seriesOf = (id: string, from: number): Promise<Series> =>
  json(`${at("endpoints", id)}/metrics?from=${from}`);
export const provision = (body: Provision): Promise<EndpointView> =>
  json("/api/provision", { method: "POST", body });
export const dryRun = (body: Provision): Promise<DryRunView> =>
  json("/api/provision?dry_run=1", { method: "POST", body });
export const changeEndpoint = (id: string, body: EndpointChanges): Promise<EndpointView> =>
  json(at("endpoints", id), { method: "PATCH", body });
export const orderEndpoint = (id: string, order: Order): Promise<EndpointView> =>
  json(`${at("endpoints", id)}/${order}`, { method: "POST" });
export const deleteEndpoint = (id: string): Promise<EndpointView> =>
  json(at("endpoints", id), { method: "DELETE" });
/** Lines as they are written: `data: {"replica","line"}`. */
export const openLogs = (id: string): EventSource =>
  new EventSource(`${at("endpoints", id)}/logs?follow=1&tail=200`);

export const readSettings = (): Promise<SettingsView> => json("/api/settings");
export const writeSettings = (body: SettingsBody): Promise<SettingsView> =>
  json("/api/settings", { method: "PUT", body });
export const testChannel = (channel: "mail" | "webhook"): Promise<{ detail: string }> =>
  json("/api/settings/test", { method: "POST", body: { channel } });
export const listNotifications = (): Promise<List<NotificationView>> =>
  json("/api/notifications?limit=20");
