using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Clinical.MedicalRecords;

public sealed class MedicalRecordTests
{
    [Fact]
    public async Task What_a_record_said_before_stays_in_its_history()
    {
        var ward = await Ward.Open();
        var doctor = await ward.AsDoctor();
        var record = await Write(ward, doctor);
        Assert.Equal((ward.Doctor.ToString(), ward.Doctor.ToString()), ((string?)record["doctor_id"], (string?)record["author_id"]));
        Assert.Equal(["file_url1"], record["attachments"]!.AsArray().Select(a => (string)a!));

        var amended = await doctor.Do("update_medical_record", new { record_id = Id(record), diagnosis = "Asthma", reason = "Spirometry", expected_version = 1 });
        Assert.Equal(("Asthma", "Annual Checkup", 2), ((string?)amended["diagnosis"], (string?)amended["title"], (int)amended["version"]!));
        Assert.Equal("CONFLICT", (await doctor.Call("update_medical_record", new { record_id = Id(record), diagnosis = "None", expected_version = 1 })).Code);

        var history = (await (await ward.AsPatient()).Do("get_medical_record_history", new { record_id = Id(record) }))["results"]!.AsArray();
        Assert.Equal(["Asthma", "Healthy"], history.Select(v => (string)v!["record"]!["diagnosis"]!));
        Assert.Equal(["Spirometry", null], history.Select(v => (string?)v!["reason"]));
    }

    [Fact]
    public async Task Who_amends_at_the_same_moment_as_another_is_told_so_and_no_version_is_lost()
    {
        var ward = await Ward.Open();
        var doctor = await ward.AsDoctor();
        var record = await Write(ward, doctor);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => doctor.Call("update_medical_record", new { record_id = Id(record), diagnosis = $"Finding {i}" })));

        Assert.All(answers, answer => Assert.True(answer.Code is null or "CONFLICT", answer.Body.ToJsonString()));
        var history = (await doctor.Do("get_medical_record_history", new { record_id = Id(record) }))["results"]!.AsArray();
        Assert.Equal(1 + answers.Count(answer => answer.Code is null), history.Count);
    }

    [Fact]
    public async Task A_mistaken_record_stays_readable_and_changes_no_more()
    {
        var ward = await Ward.Open();
        var doctor = await ward.AsDoctor();
        var record = await Write(ward, doctor);
        Assert.Equal("VALIDATION_ERROR", (await doctor.Call("update_medical_record", new { record_id = Id(record), status = "ENTERED_IN_ERROR" })).Code);
        await doctor.Do("update_medical_record", new { record_id = Id(record), status = "ENTERED_IN_ERROR", reason = "Another patient's" });

        Assert.Equal("CONFLICT", (await doctor.Call("update_medical_record", new { record_id = Id(record), diagnosis = "None" })).Code);
        var read = await doctor.Do("get_medical_record", new { record_id = Id(record) });
        Assert.Equal(("ENTERED_IN_ERROR", "Healthy"), ((string?)read["status"], (string?)read["diagnosis"]));
    }

    [Fact]
    public async Task Nurses_write_what_nurses_find_and_patients_write_nothing()
    {
        var ward = await Ward.Open();
        foreach (var type in new[] { "TRIAGE", "VITALS", "NURSING_NOTE" }) await ward.Nurse.Do("create_medical_record", Wish(ward, type));
        var diagnosed = await ward.Nurse.Call("create_medical_record", Wish(ward, "CONSULTATION"));
        Assert.Equal("PERMISSION_DENIED", diagnosed.Code);
        Assert.Equal("PERMISSION_DENIED", (await ward.Nurse.Call("update_medical_record", new { record_id = Guid.NewGuid(), title = "x" })).Code);
        Assert.Equal("PERMISSION_DENIED", (await (await ward.AsPatient()).Call("create_medical_record", Wish(ward, "VITALS"))).Code);
        Assert.Equal(3, (int)(await ward.Nurse.Do("list_medical_records", new { patient_id = ward.Patient }))["total"]!);
        Assert.Equal(1, (int)(await ward.Nurse.Do("list_medical_records", new { patient_id = ward.Patient, record_type = "VITALS" }))["total"]!);
    }

    [Fact]
    public async Task The_platform_sees_that_a_record_is_there_and_nothing_of_what_it_says()
    {
        var ward = await Ward.Open();
        var record = await Write(ward, ward.Admin);
        var platform = await Ward.As("admin@medcor.example");
        var listed = (await platform.Do("list_medical_records", new { patient_id = ward.Patient }))["results"]!.AsArray().Single()!;
        var history = (await platform.Do("get_medical_record_history", new { record_id = Id(record) }))["results"]!.AsArray().Single()!;
        foreach (var seen in new[] { listed, await platform.Do("get_medical_record", new { record_id = Id(record) }), history["record"]! })
        {
            Assert.Equal("CHECKUP", (string?)seen["record_type"]);
            foreach (var content in new[] { "title", "description", "diagnosis", "symptoms", "treatment_plan", "attachments" }) Assert.Null(seen[content]);
        }
        Assert.Equal("PERMISSION_DENIED", (await platform.Call("create_medical_record", Wish(ward, "OTHER"))).Code);
    }

    [Fact]
    public async Task Neither_another_patient_nor_another_hospital_sees_it()
    {
        var ward = await Ward.Open();
        var record = await Write(ward, ward.Admin);
        var other = await Ward.As("patient@general.example");
        Assert.Equal("PERMISSION_DENIED", (await other.Call("list_medical_records", new { patient_id = ward.Patient })).Code);
        foreach (var stranger in new[] { other, await Ward.As("admin@riverside.example") })
            foreach (var tool in new[] { "get_medical_record", "get_medical_record_history" })
                Assert.Equal("RESOURCE_NOT_FOUND", (await stranger.Call(tool, new { record_id = Id(record) })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await (await Ward.As("admin@riverside.example")).Call("update_medical_record", new { record_id = Id(record), title = "x" })).Code);
    }

    private static Task<JsonNode> Write(Ward ward, Client author) => author.Do("create_medical_record", Wish(ward, "CHECKUP"));

    private static object Wish(Ward ward, string type) => new
    {
        patient_id = ward.Patient, title = "Annual Checkup", description = "Routine", record_type = type, diagnosis = "Healthy", symptoms = "None", attachments = new[] { "file_url1" },
    };

    private static string Id(JsonNode record) => (string)record["id"]!;
}
