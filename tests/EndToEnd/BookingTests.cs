using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.EndToEnd;

/// <summary>Tests a booking end to end, from the caller who books to the subscribers who receive the event.</summary>
public class BookingTests
{
    [Fact]
    public async Task A_patient_books_and_the_doctor_sees_it_arrive_while_the_other_hospital_sees_nothing()
    {
        var ward = await ClinicFixture.Open("general");
        var (patient, doctor) = (await ward.LogInPatient(), await ward.LogInDoctor());
        var stranger = await ApiClient.LogIn("doctor@riverside.example", gateway: 1);
        await using var heard = await SseClient.Connect(doctor, gateway: 1);
        await using var overheard = await SseClient.Connect(stranger);

        var doctors = await patient.Call<Page<Doctor>>("list_doctors", new { limit = 100, sort = "-created_at" });
        Assert.Contains(doctors.Results, d => d.Id == doctor.Id);
        Assert.Contains("14:00:00", await ward.FreeTimes());

        var visit = await patient.Call<Appointment>("create_appointment", ward.BookingRequest("14:00:00"));
        Assert.Equal(AppointmentStatus.Scheduled, visit.Status);
        var id = visit.Id.ToString();

        var created = await heard.Next(e => e.Name == "appointment_created" && e.EntityId == visit.Id);
        Assert.Equal(patient.Id, (Guid)created.Data["patient_id"]!);
        var update = await heard.Next(e => e.Name == "resource_update" && e.EntityId == visit.Id);
        Assert.Equal(("appointments", "created"), (update.Resource, update.Action));

        var again = await patient.TryCall("create_appointment", ward.BookingRequest("14:00:00"));
        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (again.Status, again.Code));
        Assert.NotEmpty(again.Details!["alternatives"]!.AsArray());

        // The stranger receives a later booking of their own hospital. An earlier event that has not arrived by then will not arrive.
        var later = await (await ClinicFixture.Open("riverside")).Book("11:00:00");
        await overheard.Next(e => e.EntityId == later.Id);
        Assert.DoesNotContain(overheard.Events, e => e.Data.ToJsonString().Contains(id, StringComparison.Ordinal)
            || e.Data.ToJsonString().Contains(doctor.HospitalId.ToString()!, StringComparison.Ordinal));

        var missing = await stranger.TryCall("get_appointment", new { appointment_id = id });
        Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (missing.Status, missing.Code));
    }

    [Fact]
    public async Task A_patient_who_was_created_can_be_booked_by_the_very_next_call()
    {
        var ward = await ClinicFixture.Open("general");

        // Repeated, because the event of the new patient could win the race by chance.
        foreach (var time in (await ward.FreeTimes()).Take(10))
        {
            var patient = await ward.CreatePatient();
            await ward.Nurse.Call("create_appointment", ward.BookingRequest(time, patient: patient));
        }
    }

    [Fact]
    public async Task Of_a_hundred_concurrent_bookings_of_one_slot_at_two_gateways_exactly_one_succeeds()
    {
        var ward = await ClinicFixture.Open("general");
        ApiClient[] nurses = [await ClinicFixture.LogIn("nurse@general.example", gateway: 0), await ClinicFixture.LogIn("nurse@general.example", gateway: 1)];
        var patients = DemoTenants.Hospitals[0].Patients.Select(p => p.Id).ToArray();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i =>
            nurses[i % 2].TryCall("create_appointment", ward.BookingRequest("10:00:00", ward.Weekday(40), patients[i % patients.Length]))));

        Assert.Equal(1, answers.Count(a => a.Status == HttpStatusCode.OK));
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (a.Status, a.Code)));
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.NotEmpty(a.Details!["alternatives"]!.AsArray()));
        var house = await MedCorFixture.Get();
        Assert.Equal(1, await house.QueryNumber("clinical", "SELECT count(*) FROM appointments WHERE doctor_id = $1", ward.Doctor));
    }

    [Fact]
    public async Task A_patient_is_never_at_two_doctors_at_once()
    {
        var ward = await ClinicFixture.Open("riverside");
        Guid[] doctors = [ward.Doctor, await ward.CreateDoctor(), await ward.CreateDoctor()];

        var answers = await Task.WhenAll(Enumerable.Range(0, 30)
            .Select(i => ward.Nurse.TryCall("create_appointment", ward.BookingRequest("10:00:00", doctor: doctors[i % doctors.Length]))));

        Assert.Equal(1, answers.Count(a => a.Status == HttpStatusCode.OK));
        Assert.Equal(29, answers.Count(a => a.Code == "CONFLICT"));
    }
}
