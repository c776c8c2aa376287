using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MedCor.Tests.EndToEnd;

/// <summary>Tests browser pages that listen with tickets, because a browser can send no header with an event stream or a WebSocket.</summary>
public class BrowserTests
{
    /// <summary>A script that shows a patient's appointments live: it requests a ticket, opens a stream and fills a list.</summary>
    private const string Board = """
        token => {
          const board = document.body.appendChild(document.createElement('ol'));
          board.id = 'board';
          let events, last = '';
          window.ticket = async () => {
            const answer = await fetch('/api/mcp/sse/ticket', { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
            return (await answer.json()).ticket;
          };
          window.listen = async () => {
            events = new EventSource(`/api/mcp/sse?ticket=${await ticket()}&last_event_id=${last}`);
            events.addEventListener('appointment_created', event => {
              last = event.lastEventId;
              board.appendChild(document.createElement('li')).textContent = JSON.parse(event.data).appointment_time;
            });
            await new Promise((resolve, reject) => [events.onopen, events.onerror] = [resolve, reject]);
          };
          window.leave = () => events.close();
        }
        """;

    [BrowserFact]
    public async Task A_page_shows_a_booking_when_it_is_made()
    {
        var clinic = await ClinicFixture.Open();
        await using var page = await Open(clinic);
        await page.EvaluateAsync("listen()");

        await clinic.Book("09:00:00");

        await Expect(Lines(page)).ToHaveTextAsync(["09:00:00"]);
    }

    [BrowserFact]
    public async Task A_page_that_comes_back_shows_what_was_booked_meanwhile_once()
    {
        var clinic = await ClinicFixture.Open();
        await using var page = await Open(clinic, gateway: 1);
        await page.EvaluateAsync("listen()");
        await clinic.Book("09:00:00");
        await Expect(Lines(page)).ToHaveTextAsync(["09:00:00"]);

        await page.EvaluateAsync("leave()");
        await clinic.Book("10:00:00");
        await clinic.Book("11:00:00");
        await page.EvaluateAsync("listen()");
        await clinic.Book("12:00:00");

        await Expect(Lines(page)).ToHaveTextAsync(["09:00:00", "10:00:00", "11:00:00", "12:00:00"]);
    }

    [BrowserFact]
    public async Task A_page_calls_tools_and_hears_of_bookings_over_a_WebSocket()
    {
        var clinic = await ClinicFixture.Open();
        await using var page = await Open(clinic);

        // The response and the update arrive in either order.
        var said = await page.EvaluateAsync<string>("""
            async wish => {
              const socket = new WebSocket(`ws://${location.host}/api/mcp/ws?resources=appointments&ticket=${await ticket()}`);
              const said = {};
              return await new Promise((resolve, reject) => {
                socket.onclose = event => reject(new Error(`Closed: ${event.code} ${event.reason}`));
                socket.onmessage = ({ data }) => {
                  const message = JSON.parse(data);
                  said[message.type] = message;
                  if (message.type === 'subscribed')
                    socket.send(JSON.stringify({ type: 'tool_invoke', request_id: 'booking', tool: 'create_appointment', params: wish }));
                  if (said.tool_response && said.resource_update) resolve(JSON.stringify(said));
                };
              });
            }
            """, clinic.BookingRequest("09:00:00"));

        var (response, update) = (JsonNode.Parse(said)!["tool_response"]!, JsonNode.Parse(said)!["resource_update"]!);
        Assert.Equal("booking", (string?)response["request_id"]);
        Assert.Equal(("appointments", "created", (string?)response["result"]!["id"]),
            ((string?)update["resource"], (string?)update["action"], (string?)update["data"]!["id"]));
    }

    /// <summary>The gateway replicas have different ports, so each is another origin to the other's pages.</summary>
    [BrowserFact]
    public async Task A_page_of_another_origin_of_this_machine_logs_in_calls_listens_and_reads_what_refuses_it()
    {
        var system = await MedCorFixture.Get();
        await using var page = await Browser.OpenGatewayPage(gateway: 1);

        var told = JsonNode.Parse(await page.EvaluateAsync<string>("""
            async gateway => {
              const post = (path, body, headers) => fetch(gateway + path,
                { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
              const { access_token: token } = await (await post('api/auth/login', { email: 'nurse@general.example', password: 'Demo-Medcor-2026' })).json();
              const known = { Authorization: `Bearer ${token}`, 'X-Request-Id': 'from-elsewhere', 'Idempotency-Key': 'from-elsewhere' };
              const doctors = await post('api/mcp/tools/list_doctors', { limit: 1 }, known);
              const refused = await post('api/mcp/tools/list_doctors', {}, { Authorization: 'Bearer x.y.z' });
              const { ticket } = await (await post('api/mcp/sse/ticket', {}, known)).json();
              const events = new EventSource(`${gateway}api/mcp/sse?ticket=${ticket}`);
              await new Promise((resolve, reject) => [events.onopen, events.onerror] = [resolve, reject]);
              events.close();
              const socket = new WebSocket(`${gateway.replace('http', 'ws')}api/mcp/ws`);
              await new Promise((resolve, reject) => [socket.onopen, socket.onerror] = [resolve, reject]);
              socket.close();
              return JSON.stringify({
                doctors: (await doctors.json()).results.length, id: doctors.headers.get('X-Request-Id'), trace: doctors.headers.get('traceparent'),
                status: refused.status, challenge: refused.headers.get('WWW-Authenticate'), code: (await refused.json()).error.code
              });
            }
            """, system.Gateways[0].ToString()))!;

        Assert.Equal((1, "from-elsewhere", 401, "AUTH_INVALID"), ((int)told["doctors"]!, (string?)told["id"], (int)told["status"]!, (string?)told["code"]));
        Assert.NotNull((string?)told["trace"]);
        Assert.Contains("invalid_token", (string?)told["challenge"], StringComparison.Ordinal);
    }

    /// <summary>Opens the page of the fixture's patient, who receives only events of the patient's own appointments.</summary>
    private static async Task<IPage> Open(ClinicFixture clinic, int gateway = 0)
    {
        var page = await Browser.OpenGatewayPage(gateway);
        await page.EvaluateAsync(Board, (await clinic.LogInPatient()).AccessToken);
        return page;
    }

    private static ILocator Lines(IPage page) => page.Locator("#board li");
}
