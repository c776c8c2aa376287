using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.DemoData;
using MedCor.Tests.Services.Clinical.Audit;
using MedCor.Tests.Services.Clinical.Scheduling;

namespace MedCor.Tests.Services.Clinical.MedicalRecords;

public sealed class MedicalRecordTests
{
    [Fact]
    public async Task Earlier_versions_of_a_record_stay_in_its_history()
    {
        var ward = await ClinicFixture.Open();
        var doctor = await ward.LogInDoctor();
        var record = await Write(ward, doctor);
        Assert.Equal((ward.Doctor, ward.Doctor), (record.DoctorId, record.AuthorId));
        Assert.Equal(["file_url1"], record.Attachments!);

        var amended = await doctor.Call<MedicalRecord>("update_medical_record",
            new { record_id = record.Id, diagnosis = "Asthma", reason = "Spirometry", expected_version = 1 });
        Assert.Equal(("Asthma", "Annual Checkup", 2), (amended.Diagnosis, amended.Title, amended.Version));
        Assert.Equal("CONFLICT",
            (await doctor.TryCall("update_medical_record", new { record_id = record.Id, diagnosis = "None", expected_version = 1 })).Code);

        var history =
            (await (await ward.LogInPatient()).Call<Page<MedicalRecordVersion>>("get_medical_record_history", new { record_id = record.Id })).Results;
        Assert.Equal(["Asthma", "Healthy"], history.Select(v => v.Record.Diagnosis!));
        Assert.Equal(["Spirometry", null], history.Select(v => v.Reason));
    }

    [Fact]
    public async Task A_record_is_no_larger_than_a_page_of_a_hundred_can_hold()
    {
        var ward = await ClinicFixture.Open();
        var doctor = await ward.LogInDoctor();
        var (text, files) = (new string('ü', 9_900), Enumerable.Range(10, 50).Select(i => $"{i}{new string('ü', 1998)}"));
        object Wish(IEnumerable<string>? attachments) =>
            new
            {
                patient_id = ward.Patient, title = "Large", record_type = "OTHER", description = text, diagnosis = text, symptoms = text, treatment_plan = text,
                attachments
            };

        var refused = await doctor.TryCall("create_medical_record", Wish(files));
        var record = await doctor.Call<MedicalRecord>("create_medical_record", Wish(null));
        var amended = await doctor.TryCall("update_medical_record", new { record_id = record.Id, attachments = files, reason = "More" });

        foreach (var answer in (ApiResponse[])[refused, amended])
            Assert.Contains("128 KiB", Assert.Single(answer.Details.Strings("attachments")), StringComparison.Ordinal);
        var listed = await doctor.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = ward.Patient, limit = 100 });
        Assert.Equal((1, 1), (listed.Total, listed.Results.Single().Version));
    }

    [Fact]
    public async Task A_record_from_before_it_had_a_bound_can_be_shortened_and_withdrawn_and_not_made_longer()
    {
        var ward = await ClinicFixture.Open();
        var doctor = await ward.LogInDoctor();
        await using var clinical = await (await MedCorFixture.Get()).OpenDatabase("clinical");
        async Task<MedicalRecord> Old()
        {
            var record = await Write(ward, doctor);
            await using var age = new Npgsql.NpgsqlCommand(
                "UPDATE medical_records SET description = repeat('ü', 100000), diagnosis = repeat('ü', 100000) WHERE id = $1", clinical)
            {
                Parameters = { new() { Value = record.Id } }
            };
            Assert.Equal(1, await age.ExecuteNonQueryAsync());
            return record;
        }
        var (shortened, withdrawn) = (await Old(), await Old());

        var longer = await doctor.TryCall("update_medical_record", new { record_id = shortened.Id, treatment_plan = new string('ü', 9_900), reason = "More" });
        // After the first of the two updates the record is still too large.
        await doctor.Call("update_medical_record", new { record_id = shortened.Id, description = "Short", reason = "Too long" });
        var read = await doctor.Call<MedicalRecord>("update_medical_record", new { record_id = shortened.Id, diagnosis = "Short", reason = "Too long" });
        await doctor.Call("update_medical_record", new { record_id = withdrawn.Id, status = "ENTERED_IN_ERROR", reason = "Another patient's" });

        Assert.Contains("128 KiB", longer.Details.Strings("treatment_plan")[0], StringComparison.Ordinal);
        Assert.Equal(("Short", "Short", 3), (read.Description, read.Diagnosis, read.Version));
        Assert.Equal(RecordStatus.EnteredInError, (await doctor.Call<MedicalRecord>("get_medical_record", new { record_id = withdrawn.Id })).Status);
    }

    [Fact]
    public async Task A_mistaken_record_stays_readable_and_changes_no_more()
    {
        var ward = await ClinicFixture.Open();
        var doctor = await ward.LogInDoctor();
        var record = await Write(ward, doctor);
        Assert.Equal("VALIDATION_ERROR", (await doctor.TryCall("update_medical_record", new { record_id = record.Id, status = "ENTERED_IN_ERROR" })).Code);
        await doctor.Call("update_medical_record", new { record_id = record.Id, status = "ENTERED_IN_ERROR", reason = "Another patient's" });

        Assert.Equal("CONFLICT", (await doctor.TryCall("update_medical_record", new { record_id = record.Id, diagnosis = "None" })).Code);
        var read = await doctor.Call<MedicalRecord>("get_medical_record", new { record_id = record.Id });
        Assert.Equal((RecordStatus.EnteredInError, "Healthy"), (read.Status, read.Diagnosis));
    }

    [Fact]
    public async Task Nurses_write_what_nurses_find_and_patients_write_nothing()
    {
        var ward = await ClinicFixture.Open();
        foreach (var type in new[] { "TRIAGE", "VITALS", "NURSING_NOTE" }) await ward.Nurse.Call("create_medical_record", Wish(ward, type));
        var diagnosed = await ward.Nurse.TryCall("create_medical_record", Wish(ward, "CONSULTATION"));
        Assert.Equal("PERMISSION_DENIED", diagnosed.Code);
        Assert.Equal("PERMISSION_DENIED", (await ward.Nurse.TryCall("update_medical_record", new { record_id = Guid.NewGuid(), title = "x" })).Code);
        Assert.Equal("PERMISSION_DENIED", (await (await ward.LogInPatient()).TryCall("create_medical_record", Wish(ward, "VITALS"))).Code);
        Assert.Equal(3, (await ward.Nurse.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = ward.Patient })).Total);
        Assert.Equal(1, (await ward.Nurse.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = ward.Patient, record_type = "VITALS" })).Total);
    }

    [Fact]
    public async Task Doctors_write_in_nobodys_name_but_their_own()
    {
        var (ward, doctor, _) = await Shared.Value;
        var colleague = DemoTenants.Hospitals[0].Doctors[0].Person.Id;
        object In(Guid name) => new { patient_id = ward.Patient, title = "Checkup", record_type = "VITALS", doctor_id = name };

        Assert.Equal("PERMISSION_DENIED", (await doctor.TryCall("create_medical_record", In(colleague))).Code);
        Assert.Equal(ward.Doctor, (await doctor.Call<MedicalRecord>("create_medical_record", In(ward.Doctor))).DoctorId);
        foreach (var other in new[] { ward.Nurse, ward.Admin })
        {
            var written = await other.Call<MedicalRecord>("create_medical_record", In(colleague));
            Assert.Equal((colleague, other.Id), (written.DoctorId, written.AuthorId));
        }
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("JAVASCRIPT:alert(1)")]
    [InlineData(" java\nscript:alert(1)")]
    [InlineData("\u00a0jav\tascript\r:alert(1)")]
    [InlineData("java\u200bscript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("vbscript:x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("C:\\scans\\front.png")]
    [InlineData("x-ray: front.png")]
    public async Task An_attachment_that_names_another_scheme_than_http_is_refused(string attachment)
    {
        var (ward, doctor, _) = await Shared.Value;
        var record = await Record.Value;
        string[] attachments = ["blood count.pdf", attachment];

        // An attachment that is not a single line is reported as well.
        string[] fields = attachment.Any(char.IsControl) ? ["attachments", "attachments[1]"] : ["attachments"];
        Assert.Equal(fields, CreateAppointmentTests.Fields(await doctor.TryCall("create_medical_record",
            new { patient_id = ward.Patient, title = "x", record_type = "OTHER", attachments })));
        Assert.Equal(fields, CreateAppointmentTests.Fields(await doctor.TryCall("update_medical_record", new { record_id = record.Id, attachments })));
    }

    [Fact]
    public async Task An_attachment_without_a_scheme_or_with_that_of_the_web_is_taken()
    {
        var (ward, doctor, _) = await Shared.Value;
        string[] attachments = ["file_url1", "https://files.example/a.pdf", "HTTP://files.example/b", "//files.example/c.png", "scans/2026: front.png",
            "Report 12:30.pdf", "Röntgen: Hand.png", ":odd"];

        var record = await doctor.Call<MedicalRecord>("create_medical_record",
            new { patient_id = ward.Patient, title = "x", record_type = "OTHER", attachments });

        Assert.Equal(attachments, record.Attachments);
    }

    [Fact]
    public async Task An_attachment_from_before_the_rule_is_kept_and_never_answered_as_a_link_to_run()
    {
        var (ward, doctor, patient) = await Shared.Value;
        var record = await Write(ward, doctor);
        string[] stored = [@"C:\scan.png", "javascript:alert(1)", " java\nscript:alert(2) ", "data:text/html,x", "https://files.example/a.pdf"];
        string[] shown = [@"C:\scan.png", "unsafe:javascript:alert(1)", "unsafe: java\nscript:alert(2) ", "unsafe:data:text/html,x",
            "https://files.example/a.pdf"];
        await using var clinical = await (await MedCorFixture.Get()).OpenDatabase("clinical");
        foreach (var (table, id) in ((string, string)[])[("medical_records", "id"), ("medical_record_versions", "record_id")])
        {
            await using var old = new Npgsql.NpgsqlCommand($"UPDATE {table} SET attachments = $1 WHERE {id} = $2", clinical)
            {
                Parameters = { new() { Value = stored }, new() { Value = record.Id } },
            };
            Assert.Equal(1, await old.ExecuteNonQueryAsync());
        }

        var history = await patient.Call<Page<MedicalRecordVersion>>("get_medical_record_history", new { record_id = record.Id });
        MedicalRecord[] read =
        [
            await patient.Call<MedicalRecord>("get_medical_record", new { record_id = record.Id }), history.Results[0].Record,
            (await doctor.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = ward.Patient, limit = 100 })).Results
                .Single(r => r.Id == record.Id),
            await patient.Get<MedicalRecord>($"/api/mcp/resources/medical_records/{record.Id}"),
        ];
        foreach (var answer in read) Assert.Equal(shown, answer.Attachments!);

        foreach (var more in (string[])["unsafe:javascript:alert(3)", "javascript:alert(1)", @"D:\scan.png"])
            Assert.Equal(["attachments"],
                CreateAppointmentTests.Fields(await doctor.TryCall("update_medical_record", new { record_id = record.Id, attachments = shown.Append(more) })));
        var amended = await doctor.Call<MedicalRecord>("update_medical_record",
            new { record_id = record.Id, title = "Amended", attachments = shown.Append("new.pdf"), reason = "More" });
        Assert.Equal(shown.Append("new.pdf"), amended.Attachments);
        var kept = await StoredTexts.Read("clinical", "medical_records", "attachments", record.HospitalId, record.Id, select: "attachments[1]");
        Assert.Equal(stored.Append("new.pdf"), JsonSerializer.Deserialize<string[]>(kept!)!);
    }

    [Fact]
    public void Every_parameter_with_addresses_declares_its_schemes()
    {
        string[] words = ["attachment", "url", "uri", "link", "website", "href"];
        var all = from tool in ToolCatalogue.All.Values
                  from property in tool.Params.GetProperties()
                  where words.Any(w => property.Name.Contains(w, StringComparison.OrdinalIgnoreCase))
                  select (Name: $"{tool.Name}.{property.Name}",
                      IsChecked: property.GetCustomAttributes(typeof(HttpLinksOrNamesAttribute), inherit: false).Length == 1);
        Assert.NotEmpty(all);
        Assert.All(all, p => Assert.True(p.IsChecked, p.Name));
    }

    [Fact]
    public async Task The_platform_sees_that_a_record_is_there_and_nothing_of_what_it_says()
    {
        var ward = await ClinicFixture.Open();
        var record = await Write(ward, ward.Admin);
        var platform = await ClinicFixture.LogIn("admin@medcor.example");
        var listed = (await platform.Call("list_medical_records", new { patient_id = ward.Patient }))["results"]!.AsArray().Single()!;
        var history = (await platform.Call("get_medical_record_history", new { record_id = record.Id }))["results"]!.AsArray().Single()!;
        foreach (var seen in new[] { listed, await platform.Call("get_medical_record", new { record_id = record.Id }), history["record"]! })
        {
            Assert.Equal("CHECKUP", (string?)seen["record_type"]);
            foreach (var content in Contents) Assert.Null(seen[content]);
        }
        Assert.Equal("PERMISSION_DENIED", (await platform.TryCall("create_medical_record", Wish(ward, "OTHER"))).Code);
    }

    [Fact]
    public async Task Neither_another_patient_nor_another_hospital_sees_it()
    {
        var ward = await ClinicFixture.Open();
        var record = await Write(ward, ward.Admin);
        var other = await ClinicFixture.LogIn("patient@general.example");
        Assert.Equal("PERMISSION_DENIED", (await other.TryCall("list_medical_records", new { patient_id = ward.Patient })).Code);
        foreach (var stranger in new[] { other, await ClinicFixture.LogIn("admin@riverside.example") })
            foreach (var tool in new[] { "get_medical_record", "get_medical_record_history" })
                Assert.Equal("RESOURCE_NOT_FOUND", (await stranger.TryCall(tool, new { record_id = record.Id })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await (await ClinicFixture.LogIn("admin@riverside.example")).TryCall("update_medical_record", new { record_id = record.Id, title = "x" })).Code);
    }

    [Fact]
    public async Task An_update_without_changes_adds_no_version()
    {
        var (ward, doctor, _) = await Shared.Value;
        var record = await Write(ward, doctor);
        var asWritten = await doctor.Call("get_medical_record", new { record_id = record.Id });
        await using var heard = await SseClient.Connect(ward.Nurse, "resources=medical_records");

        var asItWas = new { record_id = record.Id, diagnosis = "Healthy", attachments = new[] { "file_url1" }, status = "ACTIVE", reason = "Looked again" };
        foreach (var nothing in new object[] { new { record_id = record.Id }, asItWas })
        {
            var same = await ward.Admin.Call("update_medical_record", nothing);
            Assert.Equal(asWritten.ToJsonString(), same.ToJsonString());
        }

        Assert.Equal(1, (await doctor.Call<Page<MedicalRecordVersion>>("get_medical_record_history", new { record_id = record.Id })).Total);
        await doctor.Call("update_medical_record", new { record_id = record.Id, title = "Changed" });
        var told = await heard.Next("medical_records", "updated", record.Id);
        Assert.Equal(2, (int)told.Data["data"]!["version"]!);
    }

    [Fact]
    public async Task Live_events_about_records_reach_authorized_subscribers_without_content()
    {
        var (ward, doctor, patient) = await Shared.Value;
        await using var nurse = await SseClient.Connect(ward.Nurse);
        await using var concerned = await SseClient.Connect(patient);
        await using var other = await SseClient.Connect(await ClinicFixture.LogIn("patient@general.example"));
        await using var elsewhere = await SseClient.Connect(await ClinicFixture.LogIn("admin@riverside.example"));
        await using var platform = await SseClient.Connect(await ClinicFixture.LogIn("admin@medcor.example"), "resources=medical_records");
        var record = (await Write(ward, doctor)).Id;
        await doctor.Call("update_medical_record", new { record_id = record, diagnosis = "Asthma" });

        foreach (var listener in new[] { nurse, concerned, platform })
            foreach (var action in new[] { "created", "updated" })
            {
                var told = (await listener.Next("medical_records", action, record)).Data["data"]!;
                Assert.Equal(("CHECKUP", ward.Patient.ToString()), ((string?)told["record_type"], (string?)told["patient_id"]));
                foreach (var content in Contents) Assert.Null(told[content]);
            }
        foreach (var listener in new[] { other, elsewhere }) Assert.DoesNotContain(listener.Events, h => h.EntityId == record);
    }

    [Fact]
    public async Task Records_and_versions_come_in_pages()
    {
        var ward = await ClinicFixture.Open();
        var written = new List<Guid>();
        for (var i = 0; i < 5; i++) written.Add((await Write(ward, ward.Admin)).Id);
        var seen = new List<Guid>();
        for (var page = 1; page <= 3; page++)
        {
            var listed = await ward.Nurse.Call<Page<MedicalRecord>>("list_medical_records",
                new { patient_id = ward.Patient, limit = 2, page, sort = "created_at" });
            Assert.Equal((5, page, page < 3), (listed.Total, listed.Number, listed.HasMore));
            seen.AddRange(listed.Results.Select(r => r.Id));
        }
        Assert.Equal(written, seen);

        foreach (var diagnosis in new[] { "A", "B" }) await ward.Admin.Call("update_medical_record", new { record_id = written[0], diagnosis });
        var versions = await ward.Nurse.Call<Page<MedicalRecordVersion>>("get_medical_record_history", new { record_id = written[0], limit = 2, page = 2 });
        Assert.Equal((3, 1), (versions.Total, versions.Results.Single().Version));
    }

    [Fact]
    public async Task Days_are_those_of_the_hospitals_clocks()
    {
        var ward = await ClinicFixture.Open();
        var record = (await Write(ward, ward.Admin)).Id;
        await using (var clinical = await (await MedCorFixture.Get()).OpenDatabase("clinical"))
        await using (var backdate = new Npgsql.NpgsqlCommand("UPDATE medical_records SET created_at = '2026-01-15T23:30:00Z' WHERE id = $1", clinical)
        {
            Parameters = { new() { Value = record } },
        })
            await backdate.ExecuteNonQueryAsync();

        async Task<long> On(string day) =>
            (await ward.Nurse.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = ward.Patient, date_from = day, date_to = day })).Total;
        Assert.Equal((0, 1), (await On("2026-01-15"), await On("2026-01-16")));
        Assert.Equal(1, (await ward.Nurse.Call<Page<MedicalRecord>>("list_medical_records",
            new { patient_id = ward.Patient, date_from = "0001-01-01", date_to = "9999-12-31" })).Total);
        Assert.Equal("VALIDATION_ERROR", (await ward.Nurse.TryCall("list_medical_records", new { date_from = "2026-01-16", date_to = "2026-01-15" })).Code);
    }

    [Fact]
    public async Task No_record_is_created_for_deactivated_people()
    {
        var ward = await ClinicFixture.Open();
        foreach (var gone in new[] { ward.Doctor, ward.Patient }) await ward.Admin.Call("delete_user", new { user_id = gone });
        var treatment = new { patient_id = ward.Patient, doctor_id = ward.Doctor, name = "Rest" };
        ApiResponse refused = null!;
        await Wait.Until(async () => (refused = await ward.Admin.TryCall("create_treatment", treatment)).Details is { } wrong && wrong["patient_id"] is not null
            && wrong["doctor_id"] is not null,
            "Clinical has heard that both are gone", explain: () => refused.Body.ToJsonString());

        var record = await ward.Admin.TryCall("create_medical_record",
            new { patient_id = ward.Patient, doctor_id = ward.Doctor, title = "Late", record_type = "OTHER" });

        Assert.Equal("VALIDATION_ERROR", refused.Code);
        Assert.Equal(("VALIDATION_ERROR", refused.Details!["doctor_id"]!.ToJsonString(), refused.Details["patient_id"]!.ToJsonString()),
            (record.Code, record.Details!["doctor_id"]!.ToJsonString(), record.Details["patient_id"]!.ToJsonString()));
    }

    [Fact]
    public async Task People_of_another_hospital_are_not_there()
    {
        var (ward, _, _) = await Shared.Value;
        var (stranger, foreign) = (await ClinicFixture.LogIn("doctor@riverside.example"), await ClinicFixture.LogIn("patient@riverside.example"));
        var (forForeign, byStranger) = (new { patient_id = foreign.Id, title = "x", record_type = "OTHER" },
            new { patient_id = ward.Patient, doctor_id = stranger.Id, title = "x", record_type = "OTHER" });
        foreach (var wish in new object[] { forForeign, byStranger })
            Assert.Equal("RESOURCE_NOT_FOUND", (await ward.Admin.TryCall("create_medical_record", wish)).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await ward.Admin.TryCall("create_treatment", new { patient_id = foreign.Id, doctor_id = ward.Doctor, name = "x" })).Code);
        Assert.Equal(0, (await ward.Admin.Call<Page<MedicalRecord>>("list_medical_records", new { patient_id = foreign.Id })).Total);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2001)]
    [InlineData(null)]
    public async Task Every_attachment_has_a_text_of_bounded_length(int? length)
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var attachments = new[] { "file_url1", length is { } n ? new string('x', n) : null };

        var refused = await ward.Admin.TryCall("create_medical_record", new { patient_id = ward.Patient, title = "x", record_type = "OTHER", attachments });

        Assert.Equal("VALIDATION_ERROR", refused.Code);
        Assert.NotNull(refused.Details!["attachments"]);
    }

    [Theory]
    [InlineData("medical_records", $"patient_id = {Audit.QueryPlan.UnknownId} AND record_type = 'VITALS' AND created_at > now()",
        "medical_records_by_patient_and_type")]
    [InlineData("treatments", $"patient_id = {Audit.QueryPlan.UnknownId} AND status = 'ACTIVE'", "treatments_by_patient_and_status")]
    [InlineData("treatments", $"doctor_id = {Audit.QueryPlan.UnknownId} AND status = 'ACTIVE'", "treatments_by_doctor_and_status")]
    public async Task Filters_that_are_used_together_have_an_index_together(string table, string filter, string index)
    {
        Assert.Contains(index, await Audit.QueryPlan.UsedIndexes(
            $"SELECT * FROM {table} WHERE hospital_id = {Audit.QueryPlan.UnknownId} AND {filter} ORDER BY created_at DESC LIMIT 20"));
    }

    private static readonly string[] Contents = ["title", "description", "diagnosis", "symptoms", "treatment_plan", "attachments"];

    /// <summary>Shared by tests of refused requests, which change nothing.</summary>
    private static readonly Lazy<Task<MedicalRecord>> Record = new(
        async () => await Shared!.Value is var (ward, doctor, _) ? await Write(ward, doctor) : null!);

    private static readonly Lazy<Task<(ClinicFixture Ward, ApiClient Doctor, ApiClient Patient)>> Shared = new(async () =>
    {
        var ward = await ClinicFixture.Open();
        return (ward, await ward.LogInDoctor(), await ward.LogInPatient());
    });

    private static Task<MedicalRecord> Write(ClinicFixture ward, ApiClient author) =>
        author.Call<MedicalRecord>("create_medical_record", Wish(ward, "CHECKUP"));

    private static object Wish(ClinicFixture ward, string type) => new
    {
        patient_id = ward.Patient, title = "Annual Checkup", description = "Routine", record_type = type, diagnosis = "Healthy", symptoms = "None",
        attachments = new[] { "file_url1" },
    };
}
