using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Clinical.AccessPolicies;

namespace MedCor.Tests.Services.Clinical.Representatives;

/// <summary>Tests who acts for which patient as a guardian or proxy, what they see and do, and until when.</summary>
public sealed class RepresentativeTests
{
    [Fact]
    public async Task A_guardian_reads_books_moves_and_cancels_for_a_patient_and_all_of_it_says_for_whom()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, child) = (await LogInSomebody(ward), await ward.AdmitPatient());
        var day = ward.Clinic.Weekday(30);

        var relation = await Register(ward, child.Patient, guardian);
        Assert.Equal((child.Patient, guardian.Id, RepresentativeKind.Guardian, true, true),
            (relation.PatientId, relation.UserId, relation.Kind, relation.SeesRestricted, relation.IsActive));
        Assert.Equal(child.Patient, (await guardian.Call<Patient>("get_patient", new { patient_id = child.Patient })).Id);
        Assert.Equal("Secret", (await guardian.Call<Appointment>("get_appointment", new { appointment_id = child.Appointment })).Reason);
        Assert.Equal(2, (await List<MedicalRecord>(guardian, "medical_records", child.Patient)).Total);
        Assert.True(await CareWard.Sees(guardian, child.Restricted));
        Assert.Equal(child.Treatment, Assert.Single((await List<Treatment>(guardian, "treatments", child.Patient)).Results).Id);

        var booked = await guardian.Call<Appointment>("create_appointment", ward.Clinic.BookingRequest("10:00:00", day, child.Patient));
        Assert.Equal((child.Patient, guardian.Id), (booked.PatientId, booked.RepresentedBy));
        var moved = await guardian.Call<Appointment>("reschedule_appointment",
            new { appointment_id = booked.Id, appointment_date = day, appointment_time = "11:00:00" });
        Assert.Equal((child.Patient, guardian.Id, booked.Id), (moved.PatientId, moved.RepresentedBy, moved.RescheduledFrom));
        var cancelled = await guardian.Call<Appointment>("update_appointment_status",
            new { appointment_id = moved.Id, status = "CANCELLED", notes = "The child is well again" });
        Assert.Equal((AppointmentStatus.Cancelled, guardian.Id), (cancelled.Status, cancelled.RepresentedBy));

        // Without the patient's ID, a list is the guardian's own.
        Assert.Equal(0, (await guardian.Call<Page<Appointment>>("list_appointments")).Total);
        var recorded = (await ward.Admin.Call<Page<AuditEvent>>("list_audit_events",
            new { patient_id = child.Patient, user_id = guardian.Id, limit = 100, kind = "CLINICAL" })).Results
            .Where(e => e.Resource != "representatives").ToArray();
        Assert.All(recorded, e => Assert.Equal((guardian.Id, child.Patient), (e.UserId, e.OnBehalfOf)));
        Assert.Empty(((string[])["get_appointment", "list_medical_records", "create_appointment", "reschedule_appointment", "update_appointment_status"])
            .Except(recorded.Select(e => e.Action)));
    }

    [Fact]
    public async Task A_guardian_reads_the_patient_as_a_resource_too_until_the_relation_ends()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, child, other) = (await LogInSomebody(ward), await ward.AdmitPatient(), await ward.AdmitPatient());
        var relation = await Register(ward, child.Patient, guardian);

        Assert.Equal(child.Patient, (await guardian.Get<Patient>($"/api/mcp/resources/patients/{child.Patient}")).Id);
        Assert.Equal(HttpStatusCode.NotFound, await Read(other.Patient));
        Assert.Equal(new[] { child.Patient, guardian.Id }.Order(), await Find("id"));
        Assert.Equal(new[] { child.Patient, guardian.Id }.OrderDescending(), await Find("-id,last_name"));
        // Without an ID, the list is the guardian's own.
        Assert.Equal(guardian.Id, Assert.Single((await guardian.Get<Page<Patient>>("/api/mcp/resources/patients")).Results).Id);
        foreach (var resource in (string[])["appointments", "medical_records", "treatments"])
        {
            var rows = await Expand(guardian, resource, child.Patient);
            Assert.NotEmpty(rows);
            Assert.All(rows, row => Assert.Equal(child.Patient, (Guid?)row!["patient"]?["id"]));
        }

        await ward.Admin.Call("end_representative", new { representative_id = relation.Id });
        Assert.Equal(HttpStatusCode.NotFound, await Read(child.Patient));
        Assert.Equal([guardian.Id], await Find("id"));

        async Task<HttpStatusCode> Read(Guid patient)
        {
            using var response = await guardian.Http.GetAsync(new Uri($"/api/mcp/resources/patients/{patient}", UriKind.Relative));
            return response.StatusCode;
        }

        async Task<IEnumerable<Guid>> Find(string sort) => (await guardian.Get<Page<Patient>>(
            $$$"""/api/mcp/resources/patients?sort={{{sort}}}&filter={"id":{"in":["{{{child.Patient}}}","{{{guardian.Id}}}","{{{other.Patient}}}"]}}"""))
            .Results.Select(p => p.Id);
    }

    [Fact]
    public async Task A_token_that_may_not_read_who_acts_for_whom_does_not_reach_the_patient()
    {
        var ward = await CareWard.GetLimited();
        var (user, child) = (await TestUser.Create(ward.Admin), await ward.AdmitPatient());
        var guardian = await ApiClient.LogIn(user.Email, user.Password, scope: "appointments.read people.read");
        await Register(ward, child.Patient, guardian);

        var rows = await Expand(guardian, "appointments", child.Patient);
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Null(row!["patient"]));
        using var response = await guardian.Http.GetAsync(new Uri($"/api/mcp/resources/patients/{child.Patient}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Nobody_acts_for_a_patient_for_whom_they_are_not_registered()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, child, other) = (await LogInSomebody(ward), await ward.AdmitPatient(), await ward.AdmitPatient());
        await Register(ward, child.Patient, guardian);

        foreach (var list in (string[])
            ["appointments", "medical_records", "treatments", "referrals", "emergency_overrides", "audit_events", "correction_requests"])
            Assert.Equal((list, "PERMISSION_DENIED"), (list, (await guardian.TryCall($"list_{list}", new { patient_id = other.Patient })).Code));
        foreach (var (tool, parameters) in ((string, object)[])
            [
                ("get_patient", new { patient_id = other.Patient }), ("get_appointment", new { appointment_id = other.Appointment }),
                ("get_medical_record", new { record_id = other.Record }), ("get_medical_record_history", new { record_id = other.Record }),
                ("get_treatment", new { treatment_id = other.Treatment }),
                ("create_correction_request", new { patient_id = other.Patient, first_name = "Ada" }),
                ("update_appointment_status", new { appointment_id = other.Appointment, status = "CANCELLED", notes = "Not mine" }),
                ("reschedule_appointment",
                    new { appointment_id = other.Appointment, appointment_date = ward.Clinic.Weekday(31), appointment_time = "09:00:00" }),
            ])
            Assert.Equal((tool, "RESOURCE_NOT_FOUND"), (tool, (await guardian.TryCall(tool, parameters)).Code));
        Assert.Equal("PERMISSION_DENIED", (await guardian.TryCall("create_appointment",
            ward.Clinic.BookingRequest("12:00:00", ward.Clinic.Weekday(31), other.Patient))).Code);
        using var both = await guardian.Http.GetAsync(
            new Uri($$$"""/api/mcp/resources/medical_records?filter={"patient_id":{"in":["{{{child.Patient}}}","{{{other.Patient}}}"]}}""", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, both.StatusCode);
        // Acting for a patient is no right of the patient over the guardian.
        Assert.Equal("RESOURCE_NOT_FOUND", (await guardian.TryCall("get_user", new { user_id = child.Patient })).Code);
    }

    [Fact]
    public async Task A_filter_names_several_patients_for_whom_somebody_acts()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, first, second) = (await LogInSomebody(ward), await ward.AdmitPatient(), await ward.AdmitPatient());
        foreach (var child in (CareContent[])[first, second]) await Register(ward, child.Patient, guardian);

        var records = await guardian.Get<Page<MedicalRecord>>(
            $$$"""/api/mcp/resources/medical_records?filter={"patient_id":{"in":["{{{first.Patient}}}","{{{second.Patient}}}","{{{guardian.Id}}}"]}}""");

        Assert.Equal(new[] { first.Record, first.Restricted, second.Record, second.Restricted }.Order(), records.Results.Select(r => r.Id).Order());
        Assert.Equal(0, (await guardian.Get<Page<MedicalRecord>>("/api/mcp/resources/medical_records")).Total);
    }

    [Fact]
    public async Task A_proxy_sees_nothing_restricted_unless_the_relation_says_so()
    {
        var ward = await CareWard.GetLimited();
        var (proxy, patient) = (await LogInSomebody(ward), await ward.AdmitPatient());

        await Register(ward, patient.Patient, proxy, "PROXY");
        Assert.True(await CareWard.Sees(proxy, patient.Record));
        Assert.Equal(patient.Record, Assert.Single((await List<MedicalRecord>(proxy, "medical_records", patient.Patient)).Results).Id);
        foreach (var tool in (string[])["get_medical_record", "get_medical_record_history"])
            Assert.Equal("RESOURCE_NOT_FOUND", (await proxy.TryCall(tool, new { record_id = patient.Restricted })).Code);
        foreach (var list in (string[])["referrals", "emergency_overrides", "audit_events"])
            Assert.Equal((list, "PERMISSION_DENIED"), (list, (await proxy.TryCall($"list_{list}", new { patient_id = patient.Patient })).Code));

        await Register(ward, patient.Patient, proxy, "PROXY", seesRestricted: true);
        Assert.True(await CareWard.Sees(proxy, patient.Restricted));
        Assert.NotEqual(0, (await List<AuditEvent>(proxy, "audit_events", patient.Patient)).Total);
        Assert.Equal(0, (await List<Referral>(proxy, "referrals", patient.Patient)).Total);
    }

    [Fact]
    public async Task It_ends_to_the_second_at_every_replica()
    {
        var (ward, house) = (await CareWard.GetLimited(), await MedCorFixture.Get());
        var (guardian, child) = (await LogInSomebody(ward), await ward.AdmitPatient());
        var relation = await Register(ward, child.Patient, guardian);
        await house.QueryNumber("clinical", "UPDATE representatives SET ends_at = clock_timestamp() + interval '2 seconds' WHERE id = $1 RETURNING 1",
            relation.Id);

        var sightings = new List<(bool IsBefore, bool Sees, bool IsAfter)>();
        await Wait.Until(async () =>
        {
            // Each call may be answered by any replica.
            for (var gateway = 0; gateway < 2; gateway++)
            {
                var isAfter = await IsOver();
                var reply = await guardian.Post("list_medical_records", $$"""{"patient_id":"{{child.Patient}}"}""", gateway: gateway);
                sightings.Add((!await IsOver(), reply.Code is null, isAfter));
            }
            return sightings.Count(s => s.IsAfter) >= 8;
        }, "the relation has ended");

        Assert.Contains(sightings, s => s.IsBefore);
        Assert.All(sightings.Where(s => s.IsBefore), s => Assert.True(s.Sees));
        Assert.All(sightings.Where(s => s.IsAfter), s => Assert.False(s.Sees));

        async Task<bool> IsOver() => await house.QueryNumber("clinical",
            "SELECT count(*) FROM representatives WHERE id = $1 AND ends_at <= clock_timestamp()", relation.Id) == 1;
    }

    [Fact]
    public async Task It_is_ended_at_once_by_the_staff_by_who_acts_and_of_a_proxy_by_the_patient()
    {
        var ward = await CareWard.GetLimited();
        var (actor, patient) = (await LogInSomebody(ward), await LogInSomebody(ward));
        var record = (await ward.Author.Call<MedicalRecord>("create_medical_record",
            new { patient_id = patient.Id, title = "Secret", record_type = "CONSULTATION" })).Id;
        var guardian = await Register(ward, patient.Id, actor);
        Assert.True(await CareWard.Sees(actor, record));

        Assert.Equal("PERMISSION_DENIED", (await End(patient, guardian)).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await End(await LogInSomebody(ward), guardian)).Code);
        var ended = (await End(ward.Receptionist, guardian)).Read<Representative>();
        Assert.Equal((false, ward.Receptionist.Id, null), (ended.IsActive, ended.EndedBy, ended.Reason));
        Assert.False(await CareWard.Sees(actor, record));
        Assert.Equal(ended.Version, (await End(ward.Admin, guardian)).Read<Representative>().Version);

        foreach (var by in (ApiClient[])[actor, patient])
        {
            var proxy = await Register(ward, patient.Id, actor, "PROXY");
            Assert.True(await CareWard.Sees(actor, record));
            Assert.Equal(by.Id, (await End(by, proxy)).Read<Representative>().EndedBy);
            Assert.False(await CareWard.Sees(actor, record));
        }
        Assert.Equal(3, (await patient.Call<Page<Representative>>("list_representatives")).Total);
        Assert.Equal(3, (await actor.Call<Page<Representative>>("list_representatives", new { patient_id = patient.Id })).Total);

        static Task<ApiResponse> End(ApiClient by, Representative relation) => by.TryCall("end_representative", new { representative_id = relation.Id });
    }

    [Fact]
    public async Task After_the_end_nothing_is_answered_again_that_was_written_about_the_patient()
    {
        var (ward, key) = (await CareWard.GetLimited(), $"{Guid.NewGuid()}");
        var (guardian, child) = (await LogInSomebody(ward), await ward.Clinic.CreatePatient());
        var visit = await ward.Admin.Call<Appointment>("create_appointment", new
        {
            patient_id = child, doctor_id = ward.Author.Id, appointment_date = ward.Clinic.Weekday(40), appointment_time = "10:00", reason = "Secret",
        });
        var relation = await Register(ward, child, guardian);
        Task<ApiResponse> Cancel() =>
            guardian.TryCall("update_appointment_status", new { appointment_id = visit.Id, status = "CANCELLED", notes = "Well again" }, key);
        for (var n = 0; n < 2; n++) Assert.Equal("Secret", (await Cancel()).Read<Appointment>().Reason);

        await ward.Admin.Call("end_representative", new { representative_id = relation.Id });

        var again = await Cancel();
        Assert.True(again.IsReplay);
        Assert.Equal((null, null), (again.Read<Appointment>().Reason, again.Read<Appointment>().Notes));
        Assert.Equal("RESOURCE_NOT_FOUND", (await guardian.TryCall("get_appointment", new { appointment_id = visit.Id })).Code);
        using var batch = await guardian.Http.PostAsJsonAsync("/api/mcp/batch", new
        {
            requests = new object[]
            {
                new { tool = "get_appointment", @params = new { appointment_id = visit.Id } },
                new { tool = "list_appointments", @params = new { patient_id = child } },
            },
        });
        Assert.DoesNotContain("Secret", await batch.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_shows_nothing_of_a_patient_who_is_not_named_and_nothing_that_is_restricted()
    {
        var ward = await CareWard.GetLimited();
        var (proxy, patient) = (await LogInSomebody(ward), await ward.AdmitPatient());
        await Register(ward, patient.Patient, proxy, "PROXY");
        var ofPatient = Uri.EscapeDataString($$"""{"patient_id":"{{patient.Patient}}"}""");

        foreach (var resource in (string[])["appointments", "medical_records", "treatments"])
        {
            Assert.Equal(0, (int)(await proxy.Get<JsonNode>($"/api/mcp/resources/{resource}"))["total"]!);
            Assert.NotEqual(0, (int)(await proxy.Get<JsonNode>($"/api/mcp/resources/{resource}?filter={ofPatient}"))["total"]!);
        }
        using var hidden = await proxy.Http.GetAsync(new Uri($"/api/mcp/resources/medical_records/{patient.Restricted}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
    }

    [Fact]
    public async Task A_call_that_finds_nothing_was_made_on_behalf_of_nobody()
    {
        var ward = await CareWard.GetLimited();
        var (stranger, patient) = (await LogInSomebody(ward), await ward.Clinic.CreatePatient());
        var filter = Uri.EscapeDataString($$"""{"id":"{{patient}}"}""");

        Assert.Equal(0, (int)(await stranger.Get<JsonNode>($"/api/mcp/resources/patients?filter={filter}"))["total"]!);

        IReadOnlyList<AuditEvent> recorded = [];
        await Wait.Until(async () => (recorded = (await ward.Admin.Call<Page<AuditEvent>>("list_audit_events",
            new { user_id = stranger.Id, action = "resources/patients" })).Results).Count > 0, "the call is in the trail");
        Assert.All(recorded, e => Assert.Equal((patient, null), (e.PatientId, e.OnBehalfOf)));
    }

    [Fact]
    public async Task Nobody_comes_to_act_for_themselves_by_a_merge_that_is_applied_meanwhile()
    {
        var (ward, house) = (await CareWard.GetLimited(), await MedCorFixture.Get());
        var (user, patient) = (await ward.Clinic.CreatePatient(), await ward.Clinic.CreatePatient());
        Task<ApiResponse> Register() => ward.Admin.TryCall("create_representative", new
        {
            patient_id = patient, user_id = user, kind = "GUARDIAN", until = ClinicFixture.FormatDate(ward.Clinic.Today.AddDays(30)), reason = "Court",
        });
        Assert.Equal(HttpStatusCode.OK, (await Register()).Status);
        // As Clinical stores it, while the copy of the patient is still that of before.
        await house.QueryNumber("clinical", """
            INSERT INTO patient_merges (hospital_id, merge_id, surviving_id, merged_id, is_merged, version)
            VALUES ($1, gen_random_uuid(), $2, $3, true, 1) RETURNING 1
            """, ward.Admin.HospitalId!.Value, user, patient);

        var refused = await Register();

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Nobody_acts_for_a_patient_who_is_inactive()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, child) = (await LogInSomebody(ward), await ward.AdmitPatient());
        await Register(ward, child.Patient, guardian);
        Assert.True(await CareWard.Sees(guardian, child.Record));

        await ward.Admin.Call("delete_user", new { user_id = child.Patient });

        await Wait.Until(async () => !await CareWard.Sees(guardian, child.Record), "Clinical has heard that the patient is inactive");
        Assert.Equal("RESOURCE_NOT_FOUND", (await guardian.TryCall("get_patient", new { patient_id = child.Patient })).Code);
    }

    [Fact]
    public async Task Another_patient_acts_until_a_day_within_eighteen_years()
    {
        var ward = await CareWard.GetLimited();
        var (patient, other) = (await ward.Clinic.CreatePatient(), await ward.Clinic.CreatePatient());
        async Task<string> Refused(Guid user, DateOnly until) => string.Join(' ', (await ward.Admin.TryCall("create_representative", new
        {
            patient_id = patient, user_id = user, kind = "GUARDIAN", until = ClinicFixture.FormatDate(until), reason = "Birth certificate",
        })).Details?.AsObject().Select(d => d.Key).Where(field => field != "request_id") ?? []);
        var today = ward.Clinic.Today;

        Assert.Equal("user_id", await Refused(patient, today.AddDays(1)));
        Assert.Equal("user_id", await Refused(ward.Nurse.Id, today.AddDays(1)));
        Assert.Equal("until", await Refused(other, today.AddDays(-2)));
        Assert.Equal("until", await Refused(other, today.AddYears(Representative.MaxYears).AddDays(2)));
        Assert.Equal("", await Refused(other, today.AddYears(Representative.MaxYears).AddDays(-1)));
    }

    [Fact]
    public async Task The_bookings_of_a_guardian_count_as_those_of_the_patient_whom_nobody_else_rates_for()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, child) = (await LogInSomebody(ward), await ward.Clinic.CreatePatient());
        await Register(ward, child, guardian);
        Task<ApiResponse> Book(int n) => guardian.TryCall("create_appointment", ward.Clinic.BookingRequest("13:00:00", ward.Clinic.Weekday(32 + n), child));

        const int most = MedCor.Contracts.Hospital.Hospital.DefaultMaxOpenPatientBookings;
        var booked = new List<Appointment>();
        for (var n = 0; n < most; n++) booked.Add((await Book(n)).Read<Appointment>());
        var refused = await Book(most);

        Assert.Equal(("CONFLICT", most), (refused.Code, (int)refused.Details!["max_open_patient_bookings"]!));
        foreach (var status in (string[])["IN_PROGRESS", "COMPLETED"])
            await ward.Admin.Call("update_appointment_status", new { appointment_id = booked[0].Id, status });
        Assert.Equal("PERMISSION_DENIED", (await guardian.TryCall("rate_appointment", new { appointment_id = booked[0].Id, rating = 1 })).Code);
    }

    [Fact]
    public async Task The_patient_who_acts_and_the_administrators_are_told_of_it_and_of_its_end()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, patient) = (await LogInSomebody(ward), await LogInSomebody(ward));
        SseClient[] told = [await Listen(ward.Admin), await Listen(patient), await Listen(guardian)];
        await using var untold = await Listen(ward.Doctor);

        var relation = await Register(ward, patient.Id, guardian);
        await ward.Admin.Call("end_representative", new { representative_id = relation.Id });

        foreach (var listener in told)
        {
            var heard = (await listener.Next("representatives", "created", relation.Id)).Data["data"]!;
            Assert.Equal((patient.Id, guardian.Id, null), ((Guid?)heard["patient_id"], (Guid?)heard["user_id"], (string?)heard["reason"]));
            Assert.False((bool)(await listener.Next("representatives", "updated", relation.Id)).Data["data"]!["is_active"]!);
            await listener.DisposeAsync();
        }
        await HearEverything(ward, untold);
        Assert.DoesNotContain(untold.Events, e => e.EntityId == relation.Id);

        static Task<SseClient> Listen(ApiClient user) => SseClient.Connect(user, "resources=representatives,departments");
    }

    [Fact]
    public async Task Whoever_acts_for_a_patient_hears_of_what_they_may_see_and_nobody_else_hears_more()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, proxy, child) = (await LogInSomebody(ward), await LogInSomebody(ward), await ward.Clinic.CreatePatient());
        await Register(ward, child, guardian);
        await Register(ward, child, proxy, "PROXY");
        await using var toGuardian = await SseClient.Connect(guardian);
        await using var toProxy = await SseClient.Connect(proxy, gateway: 1);
        await using var toStranger = await SseClient.Connect(await LogInSomebody(ward));
        await using var toDoctor = await SseClient.Connect(ward.Doctor);
        var referred = await (await TestUser.Create(ward.Admin, "NURSE")).LogIn();

        var content = await ward.WriteAbout(child);
        var referral = await ward.Refer(child, referred);
        var opened = await referred.Call<EmergencyOverride>("break_glass", new { patient_id = child, reason = "Unconscious" });
        await ward.Admin.Call("review_emergency_override", new { emergency_override_id = opened.Id, is_justified = true });

        foreach (var listener in (SseClient[])[toGuardian, toProxy])
        {
            await listener.Next("appointments", "created", content.Appointment);
            await listener.Next(e => e.Name == "appointment_created" && e.EntityId == content.Appointment);
            await listener.Next("appointments", "updated", content.Appointment);
            await listener.Next("medical_records", "created", content.Record);
            await listener.Next("treatments", "created", content.Treatment);
        }
        await toGuardian.Next("medical_records", "created", content.Restricted);
        await toGuardian.Next("referrals", "created", referral.Id);
        await toGuardian.Next(e => e.Name == "emergency_override_began" && e.EntityId == opened.Id);
        await toGuardian.Next("emergency_overrides", "updated", opened.Id);
        await HearEverything(ward, toProxy, toStranger, toDoctor);
        Guid[] restricted = [content.Restricted, referral.Id, opened.Id];
        Guid[] all = [.. restricted, content.Record, content.Treatment, content.Appointment];
        Assert.DoesNotContain(toProxy.Events, e => e.EntityId is { } id && restricted.Contains(id));
        Assert.DoesNotContain(toStranger.Events, e => e.EntityId is { } id && all.Contains(id));
        Assert.DoesNotContain(toDoctor.Events, e => e.EntityId is { } id && all.Contains(id) && id != content.Appointment);
        // Nobody is told who else acts for the patient.
        foreach (var listener in (SseClient[])[toGuardian, toDoctor])
            Assert.All(listener.Events.Where(e => e.EntityId is { } id && all.Contains(id)),
                e => Assert.DoesNotContain(proxy.Id.ToString(), e.Data.ToJsonString(), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task After_the_end_nothing_more_is_heard_and_only_what_was_published_before_is_delivered_again()
    {
        var ward = await CareWard.GetLimited();
        var (guardian, child) = (await LogInSomebody(ward), await ward.Clinic.CreatePatient());
        const string resources = "resources=appointments,departments,representatives";
        await using var toGuardian = await SseClient.Connect(guardian, resources);
        await using var toAdmin = await SseClient.Connect(ward.Admin, resources);
        var relation = await Register(ward, child, guardian);
        var place = (await toGuardian.Next("representatives", "created", relation.Id)).Id;
        var before = await ward.BookVisit(child);
        await toGuardian.Next("appointments", "created", before.Id);

        await ward.Admin.Call("end_representative", new { representative_id = relation.Id });
        var after = await ward.BookVisit(child);
        await ward.Admin.Call("update_appointment_status", new { appointment_id = before.Id, status = "CANCELLED", notes = "The child is well again" });

        await toAdmin.Next("appointments", "created", after.Id);
        await toAdmin.Next("appointments", "updated", before.Id);
        await using var resumed = await SseClient.Connect(guardian, resources, gateway: 1, after: place);
        await HearEverything(ward, toGuardian, resumed);
        await resumed.Next("appointments", "created", before.Id);
        foreach (var listener in (SseClient[])[toGuardian, resumed])
            Assert.DoesNotContain(listener.Events, e => e.EntityId == after.Id || (e.EntityId == before.Id && e.Action == "updated"));
    }

    [Fact]
    public async Task Whoever_works_at_the_hospital_now_hears_no_more_than_the_other_staff()
    {
        var (ward, house) = (await CareWard.GetLimited(), await MedCorFixture.Get());
        var (user, child) = (await TestUser.Create(ward.Admin), await ward.Clinic.CreatePatient());
        await Register(ward, child, await user.LogIn());
        await ward.Admin.Call("update_user", new { user_id = user.Id, role = "NURSE" });
        await Wait.Until(async () => await house.QueryNumber("clinical", "SELECT count(*) FROM people WHERE id = $1 AND role = 'NURSE'", user.Id) == 1,
            "Clinical has heard of the new role");
        await using var toNurse = await SseClient.Connect(await user.LogIn(), "resources=medical_records,departments");
        await using var toAdmin = await SseClient.Connect(ward.Admin, "resources=medical_records,departments");

        var content = await ward.WriteAbout(child);

        await toAdmin.Next("medical_records", "created", content.Restricted);
        await HearEverything(ward, toNurse);
        Assert.DoesNotContain(toNurse.Events, e => e.EntityId == content.Restricted);
    }

    [Fact]
    public async Task No_program_registers_who_acts_for_a_patient()
    {
        var (patient, user) = (await TestUser.Create(), await TestUser.Create());
        using var program = await OAuthClient.Register();
        var token = (await program.Obtain(TestUser.HospitalAdminEmail, "clinical.write")).AccessToken();

        var refused = await ServiceAccountClient.Call(token, "create_representative",
            new { patient_id = patient.Id, user_id = user.Id, kind = "PROXY", until = ServiceAccountClient.InDays(2), reason = "Asked for it" });

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
        Assert.Contains("Only users who have logged in themselves", refused.Text, StringComparison.Ordinal);
    }

    /// <summary>Waits until connections have received everything that others have received before the call.</summary>
    private static async Task HearEverything(CareWard ward, params SseClient[] listeners)
    {
        var department = await ward.Admin.Call("create_department", new { name = "Last", code = $"{Guid.NewGuid():N}" });
        foreach (var listener in listeners) await listener.Next("departments", "created", (Guid)department["id"]!);
    }

    /// <summary>Returns the rows of a patient with the patient of each.</summary>
    private static async Task<JsonArray> Expand(ApiClient by, string resource, Guid patient) => JsonNode.Parse(await by.Http.GetStringAsync(
        new Uri($$"""/api/mcp/resources/{{resource}}?expand=patient&filter={"patient_id":"{{patient}}"}""", UriKind.Relative)))!["results"]!.AsArray();

    private static async Task<ApiClient> LogInSomebody(CareWard ward) => await (await TestUser.Create(ward.Admin)).LogIn();

    private static Task<Representative> Register(CareWard ward, Guid patient, ApiClient user, string kind = "GUARDIAN", bool? seesRestricted = null) =>
        ward.Admin.Call<Representative>("create_representative", new
        {
            patient_id = patient, user_id = user.Id, kind, until = ClinicFixture.FormatDate(ward.Clinic.Today.AddDays(30)), reason = "Birth certificate",
            sees_restricted = seesRestricted,
        });

    private static Task<Page<T>> List<T>(ApiClient by, string resource, Guid patient) =>
        by.Call<Page<T>>($"list_{resource}", new { patient_id = patient, limit = 100 });
}
