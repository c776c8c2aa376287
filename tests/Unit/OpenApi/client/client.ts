// A client as openapi-typescript and openapi-fetch make it with their defaults. It is compiled, not run: a line that does not compile is one that a client could not write,
// and one that is expected not to compile is one that the types must refuse.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const api = createClient<paths>({ baseUrl: "http://localhost:8002" });

export async function book(patient: string): Promise<string> {
  const { data, error } = await api.POST("/api/auth/login", { body: { email: "patient@general.example", password: "Demo-Medcor-2026" } });
  if (error) throw new Error(`${error.error.code}: ${error.error.message} (${error.error.details.request_id})`);
  const headers = { Authorization: `Bearer ${data.access_token}` };

  const doctors = await api.POST("/api/mcp/tools/list_doctors", { body: { limit: 3 }, headers });
  const doctor: components["schemas"]["Doctor"] | undefined = doctors.data?.results[0];
  const everybody = await api.POST("/api/mcp/tools/list_doctors", { headers });
  const booked = await api.POST("/api/mcp/tools/create_appointment", {
    params: { header: { "Idempotency-Key": "checkup-1" } },
    body: { patient_id: patient, doctor_id: doctor?.id ?? "", appointment_date: "2027-03-01", appointment_time: "14:00:00", reason: "Checkup" },
    headers,
  });
  if (booked.error) {
    const wrong: unknown = booked.error.error.details["appointment_date"];
    const again: number | null | undefined = booked.error.error.retry_after;
    return `${wrong} ${again} ${everybody.data?.total}`;
  }
  return booked.data.id;
}

export async function byName(): Promise<unknown[]> {
  const one = await api.POST("/api/mcp/tools/invoke", { body: { tool: "list_doctors", params: { limit: 3 } } });
  const many = await api.POST("/api/mcp/batch", { body: { requests: [{ tool: "get_current_user" }, { tool: "list_doctors", params: { limit: 3 } }] } });
  const page = await api.GET("/api/mcp/resources/doctors", { params: { query: { limit: 3, sort: "last_name" } } });
  const begun = await api.POST("/api/mcp/prompts/invoke", { body: { prompt: "appointment_booking" } });
  const answered = await api.POST("/api/mcp/prompts/sessions/{session_id}", {
    params: { path: { session_id: begun.data?.session_id ?? "" } },
    body: { input: { reason: "Checkup" } },
  });
  return [one.data?.["results"], many.data?.length, page.data?.results[0]?.last_name, answered.data?.step?.name];
}

export async function mistakes(): Promise<void> {
  // @ts-expect-error a misspelt parameter
  const body: components["schemas"]["ListDoctors"] = { limt: 3 };
  await api.POST("/api/mcp/tools/list_doctors", { body });
  // @ts-expect-error a parameter that must be given is missing
  await api.POST("/api/mcp/tools/create_appointment", { body: { patient_id: "", doctor_id: "", appointment_date: "2027-03-01", appointment_time: "14:00:00" } });
  // @ts-expect-error there is no such tool
  await api.POST("/api/mcp/tools/invoke", { body: { tool: "list_doctor" } });
}
