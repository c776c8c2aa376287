using System.Net;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Platform.Idempotency;

/// <summary>Tests writes that are repeated with the same idempotency key.</summary>
public class IdempotencyStoreTests
{
    [Fact]
    public async Task A_repeated_write_happens_once_and_gets_the_same_response()
    {
        var clinic = await ClinicFixture.Open();
        var key = Guid.NewGuid().ToString();

        var first = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("09:00:00"), key);
        var second = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("09:00:00"), key);

        Assert.Equal((HttpStatusCode.OK, false), (first.Status, first.IsReplay));
        Assert.Equal((HttpStatusCode.OK, true), (second.Status, second.IsReplay));
        Assert.Equal(first.Body.ToJsonString(), second.Body.ToJsonString());
    }

    [Fact]
    public async Task Concurrent_repetitions_at_two_gateways_happen_once()
    {
        var clinic = await ClinicFixture.Open();
        ApiClient[] nurses = [await ClinicFixture.LogIn("nurse@general.example", gateway: 0), await ClinicFixture.LogIn("nurse@general.example", gateway: 1)];
        var key = Guid.NewGuid().ToString();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => nurses[i % 2].TryCall("create_appointment", clinic.BookingRequest("09:30:00"), key)));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.Status));
        Assert.Single(answers.Select(a => a.Read<Appointment>().Id).Distinct());
        Assert.Single(answers, a => !a.IsReplay);
    }

    [Fact]
    public async Task The_same_key_with_other_parameters_is_a_conflict_and_changes_nothing()
    {
        var clinic = await ClinicFixture.Open();
        var key = Guid.NewGuid().ToString();
        await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:00:00"), key);

        var other = await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("10:30:00"), key);

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (other.Status, other.Code));
        Assert.Contains("10:30:00", await clinic.FreeTimes());
    }

    [Fact]
    public async Task A_refused_write_may_succeed_later_with_the_same_key()
    {
        var clinic = await ClinicFixture.Open();
        var taken = await clinic.Book("11:00:00");
        var key = Guid.NewGuid().ToString();
        var patient = await clinic.CreatePatient();
        var wish = clinic.BookingRequest("11:00:00", patient: patient);
        Assert.Equal("CONFLICT", (await clinic.Nurse.TryCall("create_appointment", wish, key)).Code);

        await clinic.ChangeStatus(taken, "CANCELLED");

        Assert.Equal(HttpStatusCode.OK, (await clinic.Nurse.TryCall("create_appointment", wish, key)).Status);
    }

    [Fact]
    public async Task The_same_key_of_another_caller_is_another_write()
    {
        var clinic = await ClinicFixture.Open();
        var key = Guid.NewGuid().ToString();
        await clinic.Nurse.TryCall("create_appointment", clinic.BookingRequest("11:30:00"), key);

        var other = await clinic.Admin.TryCall("create_appointment", clinic.BookingRequest("12:00:00"), key);

        Assert.Equal((HttpStatusCode.OK, false), (other.Status, other.IsReplay));
    }

    [Fact]
    public async Task After_a_role_change_a_repetition_is_neither_replayed_nor_executed()
    {
        const string Password = "Korrekt-Pferd-7";
        var (clinic, email, key) = (await ClinicFixture.Open(), TestUser.NewEmail(), Guid.NewGuid().ToString());
        var user = (await clinic.Admin.Call<User>("create_user",
            new { email, password = Password, first_name = "Nora", last_name = "Nurse", role = "NURSE", hospital_id = clinic.Admin.HospitalId })).Id;
        Assert.Equal(HttpStatusCode.OK,
            (await (await ApiClient.LogIn(email, Password)).TryCall("create_appointment", clinic.BookingRequest("13:00:00"), key)).Status);

        await clinic.Admin.Call("update_user", new { user_id = user, role = "PATIENT" });
        var again = await (await ApiClient.LogIn(email, Password)).TryCall("create_appointment", clinic.BookingRequest("13:00:00"), key);

        Assert.Equal("PERMISSION_DENIED", again.Code);
    }

    [Fact]
    public async Task The_same_key_with_another_tool_is_another_write()
    {
        var clinic = await ClinicFixture.Open();
        var key = Guid.NewGuid().ToString();
        (string Tool, object Params)[] writes =
        [
            ("create_appointment", clinic.BookingRequest("09:00:00")),
            ("create_medical_record", new { patient_id = clinic.Patient, title = "Checkup", record_type = "OTHER" }),
            ("update_user", new { user_id = clinic.Patient, first_name = "Renamed" }), ("create_department", new { name = "Sleep", code = key[..8] }),
        ];

        var first = await Task.WhenAll(writes.Select(w => clinic.Admin.TryCall(w.Tool, w.Params, key)));
        var second = await Task.WhenAll(writes.Select(w => clinic.Admin.TryCall(w.Tool, w.Params, key)));

        Assert.All(first, a => Assert.Equal((HttpStatusCode.OK, false), (a.Status, a.IsReplay)));
        Assert.All(second, a => Assert.Equal((HttpStatusCode.OK, true), (a.Status, a.IsReplay)));
        Assert.Equal(first.Select(a => a.Body.ToJsonString()), second.Select(a => a.Body.ToJsonString()));
    }

    [Fact]
    public async Task Keys_recorded_by_the_previous_version_are_still_replayed()
    {
        var (clinic, system) = (await ClinicFixture.Open(), await MedCorFixture.Get());
        var key = Guid.NewGuid().ToString();
        var first = await clinic.Admin.TryCall("create_appointment", clinic.BookingRequest("09:00:00"), key);
        // The previous version stored the key alone, without a hash of secrets.
        Assert.Equal(1,
            await system.QueryNumber("clinical",
                "WITH changed AS (UPDATE recorded_calls SET key = $1, secrets_hash = NULL WHERE key = $2 RETURNING 1) SELECT count(*) FROM changed", key,
                $"create_appointment\n{key}"));

        var (again, other) = (await clinic.Admin.TryCall("create_appointment", clinic.BookingRequest("09:00:00"), key),
            await clinic.Admin.TryCall("create_appointment", clinic.BookingRequest("09:30:00"), key));
        var another = await clinic.Admin.TryCall("set_doctor_schedule", new { doctor_id = clinic.Doctor, working_hours = Array.Empty<object>() }, key);

        Assert.Equal((first.Body.ToJsonString(), true), (again.Body.ToJsonString(), again.IsReplay));
        Assert.Equal("CONFLICT", other.Code);
        Assert.Equal((HttpStatusCode.OK, false), (another.Status, another.IsReplay));
    }

    [Theory]
    [InlineData("k\u00e9")]
    [InlineData("")]
    public async Task An_invalid_key_is_refused(string key)
    {
        var clinic = await ClinicFixture.LogIn("nurse@general.example");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
        {
            Content = new StringContent("""{"tool":"list_doctors"}""", System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8 })
        {
            BaseAddress = clinic.Http.BaseAddress
        };
        request.Headers.Authorization = new("Bearer", clinic.AccessToken);

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }
}
