using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Tests.Services.Clinical.Scheduling;

namespace MedCor.Tests.Services.Clinical.Treatments;

public sealed class TreatmentTests
{
    [Fact]
    public async Task A_treatment_keeps_its_medications_and_ends_once()
    {
        var ward = await ClinicFixture.Open();
        var doctor = await ward.LogInDoctor();
        var begun = await doctor.Call<Treatment>("create_treatment", Wish(ward));
        Assert.Equal((TreatmentStatus.Active, "10mg", FollowUp), (begun.Status, begun.Medications![0].Dosage, begun.FollowUpDate));

        var ended = await doctor.Call<Treatment>("update_treatment", new { treatment_id = begun.Id, status = "COMPLETED", notes = "Went well" });
        Assert.Equal((TreatmentStatus.Completed, "Went well", 2), (ended.Status, ended.Notes, ended.Version));
        Assert.Equal("CONFLICT", (await doctor.TryCall("update_treatment", new { treatment_id = begun.Id, status = "DISCONTINUED" })).Code);
        Assert.Equal(1, (await (await ward.LogInPatient()).Call<Page<Treatment>>("list_treatments", new { status = "COMPLETED" })).Total);
    }

    [Fact]
    public async Task Nurses_and_patients_read_and_the_platform_sees_no_content()
    {
        var ward = await ClinicFixture.Open();
        var begun = await ward.Admin.Call<Treatment>("create_treatment", Wish(ward));
        foreach (var reader in new[] { ward.Nurse, await ward.LogInPatient() })
        {
            Assert.Equal("Hypertension", (await reader.Call<Treatment>("get_treatment", new { treatment_id = begun.Id })).Name);
            Assert.Equal("PERMISSION_DENIED", (await reader.TryCall("create_treatment", Wish(ward))).Code);
            Assert.Equal("PERMISSION_DENIED", (await reader.TryCall("update_treatment", new { treatment_id = begun.Id, notes = "x" })).Code);
        }
        var seen = await (await ClinicFixture.LogIn("admin@medcor.example")).Call("get_treatment", new { treatment_id = begun.Id });
        Assert.Equal("ACTIVE", (string?)seen["status"]);
        foreach (var content in Contents) Assert.Null(seen[content]);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await (await ClinicFixture.LogIn("admin@riverside.example")).TryCall("get_treatment", new { treatment_id = begun.Id })).Code);
    }

    [Fact]
    public async Task An_update_without_changes_adds_no_version()
    {
        var ward = await ClinicFixture.Open();
        var begun = await ward.Admin.Call<Treatment>("create_treatment", Wish(ward));
        var asBegun = await ward.Admin.Call("get_treatment", new { treatment_id = begun.Id });
        var medications = new[] { new { name = "Lisinopril", dosage = "10mg", frequency = "Once daily", duration = "3 months" } };

        var same = await ward.Admin.Call("update_treatment", new { treatment_id = begun.Id, name = "Hypertension", medications, status = "ACTIVE" });
        Assert.Equal(asBegun.ToJsonString(), same.ToJsonString());

        var changed = await ward.Admin.Call<Treatment>("update_treatment",
            new { treatment_id = begun.Id, medications = new[] { medications[0] with { dosage = "20mg" } }, expected_version = 1 });
        Assert.Equal((2, "20mg"), (changed.Version, changed.Medications![0].Dosage));
        Assert.Equal("CONFLICT", (await ward.Admin.TryCall("update_treatment", new { treatment_id = begun.Id, name = "x", expected_version = 1 })).Code);
    }

    [Theory]
    [InlineData("general")]
    [InlineData("riverside")]
    public async Task A_follow_up_is_from_today_on_and_within_ten_years_by_the_hospitals_clocks(string hospital)
    {
        var ward = await ClinicFixture.Open(hospital);
        var today = ward.Today;
        string Day(int fromToday) => ClinicFixture.FormatDate(today.AddDays(fromToday));
        object Request(string followUp) => new { patient_id = ward.Patient, doctor_id = ward.Doctor, name = "Pain relief", follow_up_date = followUp };
        Task<ApiResponse> Update(Treatment treatment, string followUp) =>
            ward.Admin.TryCall("update_treatment", new { treatment_id = treatment.Id, follow_up_date = followUp, instructions = "With food" });

        var last = today.AddYears(10);
        foreach (var wrong in new[] { "1900-01-01", Day(-1), ClinicFixture.FormatDate(last.AddDays(1)), "2199-12-31" })
            Assert.Equal(["follow_up_date"], CreateAppointmentTests.Fields(await ward.Admin.TryCall("create_treatment", Request(wrong))));
        var begun = await ward.Admin.Call<Treatment>("create_treatment", Request(Day(0)));
        Assert.Equal(last, (await Update(begun, ClinicFixture.FormatDate(last))).Read<Treatment>().FollowUpDate);
        Assert.Equal(["follow_up_date"], CreateAppointmentTests.Fields(await Update(begun, ClinicFixture.FormatDate(last.AddDays(1)))));
        await Update(begun, Day(0));
        Assert.Equal(["follow_up_date"], CreateAppointmentTests.Fields(await Update(begun, Day(-1))));

        // A stored date that has passed in the meantime stays valid.
        await (await MedCorFixture.Get()).QueryNumber("clinical",
            "UPDATE treatments SET follow_up_date = follow_up_date - 7 WHERE id = $1 RETURNING 1", begun.Id);
        var kept = (await Update(begun, Day(-7))).Read<Treatment>();
        Assert.Equal((today.AddDays(-7), "With food"), (kept.FollowUpDate, kept.Instructions));
        Assert.Equal(["follow_up_date"], CreateAppointmentTests.Fields(await Update(begun, Day(-6))));
        Assert.Equal(today.AddDays(1), (await Update(begun, Day(1))).Read<Treatment>().FollowUpDate);
    }

    [Fact]
    public async Task Live_events_about_treatments_reach_authorized_subscribers_without_content()
    {
        var ward = await ClinicFixture.Open();
        await using var nurse = await SseClient.Connect(ward.Nurse);
        await using var concerned = await SseClient.Connect(await ward.LogInPatient());
        await using var other = await SseClient.Connect(await ClinicFixture.LogIn("patient@general.example"));
        var begun = (await ward.Admin.Call<Treatment>("create_treatment", Wish(ward))).Id;
        await ward.Admin.Call("update_treatment", new { treatment_id = begun, notes = "Better" });

        foreach (var listener in new[] { nurse, concerned })
            foreach (var action in new[] { "created", "updated" })
            {
                var told = (await listener.Next("treatments", action, begun)).Data["data"]!;
                Assert.Equal("ACTIVE", (string?)told["status"]);
                foreach (var content in Contents) Assert.Null(told[content]);
            }
        Assert.DoesNotContain(other.Events, h => h.EntityId == begun);
    }

    [Fact]
    public async Task Treatments_are_filtered_by_patient_doctor_and_status_and_created_once_per_key()
    {
        var ward = await ClinicFixture.Open();
        var key = Guid.NewGuid().ToString();
        var first = await ward.Admin.TryCall("create_treatment", Wish(ward), key);
        var again = await ward.Admin.TryCall("create_treatment", Wish(ward), key);
        Assert.Equal((first.Body.ToJsonString(), true), (again.Body.ToJsonString(), again.IsReplay));
        var second = await ward.Admin.Call<Treatment>("create_treatment", Wish(ward));
        await ward.Admin.Call("update_treatment", new { treatment_id = second.Id, status = "DISCONTINUED" });

        var (ofPatient, ofDoctor) = (new { patient_id = ward.Patient, status = "ACTIVE" }, new { doctor_id = ward.Doctor, status = "ACTIVE" });
        foreach (var filter in new object[] { ofPatient, ofDoctor, new { patient_id = ward.Patient, doctor_id = ward.Doctor, status = "ACTIVE" } })
            Assert.Equal(first.Read<Treatment>().Id, Assert.Single((await ward.Nurse.Call<Page<Treatment>>("list_treatments", filter)).Results).Id);
        var page = await ward.Nurse.Call<Page<Treatment>>("list_treatments", new { patient_id = ward.Patient, limit = 1, page = 2, sort = "created_at" });
        Assert.Equal((2, second.Id, false), (page.Total, page.Results.Single().Id, page.HasMore));
    }

    [Fact]
    public async Task Doctors_begin_treatments_in_nobodys_name_but_their_own()
    {
        var ward = await ClinicFixture.Open();
        var (doctor, colleague) = (await ward.LogInDoctor(), await ward.CreateDoctor());
        object By(Guid name) => new { patient_id = ward.Patient, doctor_id = name, name = "Pain relief" };

        Assert.Equal("PERMISSION_DENIED", (await doctor.TryCall("create_treatment", By(colleague))).Code);
        Assert.Equal(0, (await doctor.Call<Page<Treatment>>("list_treatments", new { patient_id = ward.Patient })).Total);
        Assert.Equal(ward.Doctor, (await doctor.Call<Treatment>("create_treatment", By(ward.Doctor))).DoctorId);
        var colleagues = await ward.Admin.Call<Treatment>("create_treatment", By(colleague));
        Assert.Equal((colleague, ward.Admin.Id), (colleagues.DoctorId, colleagues.AuthorId));

        // A change makes its caller the author, because the text is no longer that of the previous one.
        var changed = await doctor.Call<Treatment>("update_treatment", new { treatment_id = colleagues.Id, instructions = "With food" });
        Assert.Equal((colleague, ward.Doctor), (changed.DoctorId, changed.AuthorId));
    }

    private static readonly string[] Contents = ["name", "description", "medications", "instructions", "notes", "follow_up_date"];

    private static readonly DateOnly FollowUp = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(90);

    private static object Wish(ClinicFixture ward) => new
    {
        patient_id = ward.Patient, doctor_id = ward.Doctor, name = "Hypertension", description = "Blood pressure control",
        medications = new[] { new { name = "Lisinopril", dosage = "10mg", frequency = "Once daily", duration = "3 months" } },
        instructions = "Monitor daily", follow_up_date = FollowUp,
    };
}
