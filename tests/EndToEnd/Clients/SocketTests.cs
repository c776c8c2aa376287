using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Clients;

/// <summary>
/// Tests the published WebSocket client. The client drops messages that it sends before it is connected, and the published usage does not wait for the
/// connection: a line that waits replaces a comment there.
/// </summary>
public class SocketTests
{
    private const string Connected = "await until(() => wsClient.ws.readyState === WebSocket.OPEN);";

    [Fact]
    public async Task The_printed_lines_list_doctors_and_hear_of_appointments()
    {
        var clinic = await ClinicFixture.Open();

        // A patient receives only events of the patient's own appointments.
        var shown = await Run("""
            const shown = [], updateAppointmentUI = data => shown.push(data);
            const booked = await wsClient.invokeTool('create_appointment', wish);
            await until(() => shown.length);
            return { doctors: result.results, booked, shown };
            """, await clinic.LogInPatient(), clinic.BookingRequest("09:00:00"));

        Assert.NotEmpty(shown["doctors"]!.AsArray());
        var heard = Assert.Single(shown["shown"]!.AsArray())!;
        Assert.Equal((string?)shown["booked"]!["id"], (string?)heard["id"]);
    }

    [Fact]
    public async Task A_refusal_rejects_with_its_code_and_what_is_wrong()
    {
        var refusals = await Run("""
            const calls = [['get_user', { user_id: 'x' }], ['delete_hospital', { hospital_id: hospitalId }]];
            return (await Promise.allSettled(calls.map(call => wsClient.invokeTool(...call)))).map(outcome => outcome.reason.message);
            """, await ApiClient.LogInShared("nurse@general.example"));

        Assert.Collection(refusals.AsArray().Select(refusal => (string)refusal!),
            refusal => Assert.StartsWith("VALIDATION_ERROR: Not valid: user_id must be a UUID.", refusal, StringComparison.Ordinal),
            refusal => Assert.StartsWith("PERMISSION_DENIED: ", refusal, StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_unsubscribing_no_more_updates_arrive()
    {
        var clinic = await ClinicFixture.Open();

        // The same service writes the record after the booking, so a client that receives the record's event would have received the booking's.
        var heard = await Run("""
            const heard = [];
            wsClient.onResourceUpdate = (resource, data) => heard.push(data.id);
            wsClient.subscribe('medical_records');
            const before = await wsClient.invokeTool('create_appointment', wish);
            await until(() => heard.includes(before.id));
            wsClient.unsubscribe('appointments');
            const after = await wsClient.invokeTool('create_appointment', { ...wish, appointment_time: '10:00:00' });
            const record = await wsClient.invokeTool('create_medical_record',
              { patient_id: wish.patient_id, title: 'Visit', description: 'Routine', record_type: 'CHECKUP' });
            await until(() => heard.includes(record.id));
            return heard.includes(after.id);
            """, await clinic.LogInDoctor(), clinic.BookingRequest("09:00:00"));

        Assert.False((bool)heard);
    }

    [Fact]
    public async Task The_client_reconnects_by_itself_and_continues()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var me = await Run("""
            const first = wsClient.ws;
            first.close();
            await until(() => wsClient.ws !== first && wsClient.ws.readyState === WebSocket.OPEN);
            return await wsClient.invokeTool('get_current_user', {});
            """, nurse);

        Assert.Equal(nurse.Id.ToString(), (string?)me["id"]);
    }

    private static Task<JsonNode> Run(string then, ApiClient user, object? wish = null) =>
        PublishedClient.Run("socket.js", then, new { authToken = user.AccessToken, hospitalId = user.HospitalId, wish },
            ("// Subscribe to appointment updates", Connected));
}
