using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Corrections;

/// <summary>Tests that patients ask for a correction of their name or date of birth, and that the staff decide.</summary>
public sealed class CorrectionRequestTests
{
    [Fact]
    public async Task A_confirmed_request_corrects_the_patient_who_is_told()
    {
        var (user, receptionist) = (await TestUser.Create(), await LogInStaff());
        var patient = await user.LogIn();
        using var mails = await MailboxClient.Open();
        await using var told = await SseClient.Connect(patient, "resources=correction_requests");
        await using var staff = await SseClient.Connect(receptionist, "resources=correction_requests");

        var request = await patient.Call<CorrectionRequest>("create_correction_request", new { last_name = "Lind", date_of_birth = "1991-04-02" });
        Assert.Equal((user.Id, null, "Lind", CorrectionStatus.Open), (request.PatientId, request.FirstName, request.LastName, request.Status));
        await staff.Next("correction_requests", "created", request.Id);
        Assert.Equal("Testperson", (await patient.Call<User>("get_current_user")).LastName);

        var decided = await Decide(receptionist, request, isConfirmed: true);

        Assert.Equal((CorrectionStatus.Confirmed, receptionist.Id), (decided.Status, decided.DecidedBy));
        var corrected = await patient.Call<Patient>("get_patient", new { patient_id = user.Id });
        Assert.Equal(("Robin", "Lind", new DateOnly(1991, 4, 2)), (corrected.FirstName, corrected.LastName, corrected.DateOfBirth));
        Assert.Equal("CONFIRMED", (string?)(await told.Next("correction_requests", "updated", request.Id)).Data["data"]!["status"]);
        var mail = await mails.WaitFor(user.Email, "Your hospital has decided on a correction");
        Assert.Contains("hat über die Bitte entschieden", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("1991", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_request_changes_nothing_and_a_decision_is_final()
    {
        var (user, staff) = (await TestUser.Create(), await LogInStaff());
        var request = await (await user.LogIn()).Call<CorrectionRequest>("create_correction_request", new { first_name = "Somebody" });

        var refused = await Decide(staff, request, isConfirmed: false);

        Assert.Equal(CorrectionStatus.Refused, refused.Status);
        Assert.Equal(refused, await Decide(staff, request, isConfirmed: false));
        var late = await staff.TryCall("decide_correction_request", new { correction_request_id = request.Id, is_confirmed = true });
        Assert.Equal(("CONFLICT", "REFUSED"), (late.Code, (string?)late.Details!["status"]));
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        await Wait.Until(async () => (await admin.Call<Page<AuditEvent>>("list_audit_events",
                new { patient_id = user.Id, action = "decide_correction_request", limit = 100 })).Results
            .Any(e => e.Outcome == AuditOutcome.Conflict && e.UserId == staff.Id), "the attempt is in the trail of the patient");
        Assert.Equal("Robin", (await staff.Call<Patient>("get_patient", new { patient_id = user.Id })).FirstName);
    }

    [Fact]
    public async Task A_later_request_replaces_one_that_is_open()
    {
        var (user, staff) = (await TestUser.Create(), await LogInStaff());
        var patient = await user.LogIn();
        var first = await patient.Call<CorrectionRequest>("create_correction_request", new { first_name = "Robyn" });
        var second = await patient.Call<CorrectionRequest>("create_correction_request", new { first_name = "Robine" });

        Assert.Equal([(second.Id, CorrectionStatus.Open), (first.Id, CorrectionStatus.Replaced)],
            (await patient.Call<Page<CorrectionRequest>>("list_correction_requests")).Results.Select(r => (r.Id, r.Status)));
        Assert.Equal("CONFLICT", (await staff.TryCall("decide_correction_request", new { correction_request_id = first.Id, is_confirmed = true })).Code);
        Assert.Equal(second.Id, Assert.Single((await staff.Call<Page<CorrectionRequest>>("list_correction_requests",
            new { patient_id = user.Id, status = "OPEN" })).Results).Id);
    }

    [Fact]
    public async Task A_guardian_asks_for_a_correction_of_the_patient_and_the_trail_says_for_whom()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var (child, guardian) = (await TestUser.Create(), await (await TestUser.Create()).LogIn());
        await admin.Call("create_representative", new
        {
            patient_id = child.Id, user_id = guardian.Id, kind = "GUARDIAN", until = ServiceAccountClient.InDays(30), reason = "Birth certificate",
        });

        var request = await guardian.Call<CorrectionRequest>("create_correction_request", new { patient_id = child.Id, first_name = "Robyn" });

        Assert.Equal((child.Id, guardian.Id), (request.PatientId, request.RequestedBy));
        Assert.Equal(request.Id, Assert.Single((await guardian.Call<Page<CorrectionRequest>>("list_correction_requests",
            new { patient_id = child.Id })).Results).Id);
        Assert.Equal(0, (await guardian.Call<Page<CorrectionRequest>>("list_correction_requests")).Total);
        await Wait.Until(async () => (await admin.Call<Page<AuditEvent>>("list_audit_events",
                new { patient_id = child.Id, user_id = guardian.Id, resource = "correction_requests", limit = 100 })).Results
            .Any(e => e.Action == "create_correction_request" && e.OnBehalfOf == child.Id), "the request is in the trail");
    }

    [Fact]
    public async Task No_program_decides()
    {
        var user = await TestUser.Create();
        var request = await (await user.LogIn()).Call<CorrectionRequest>("create_correction_request", new { first_name = "Robyn" });
        var program = await ServiceAccountClient.Create("people.write");

        var refused = await ServiceAccountClient.Call(program.Key.ApiKey, "decide_correction_request",
            new { correction_request_id = request.Id, is_confirmed = true });

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        Assert.Contains("Only users who have logged in themselves", refused.Text, StringComparison.Ordinal);
    }

    private static async Task<ApiClient> LogInStaff() => await (await TestUser.Create("RECEPTIONIST")).LogIn();

    private static Task<CorrectionRequest> Decide(ApiClient staff, CorrectionRequest request, bool isConfirmed) =>
        staff.Call<CorrectionRequest>("decide_correction_request", new { correction_request_id = request.Id, is_confirmed = isConfirmed });
}
