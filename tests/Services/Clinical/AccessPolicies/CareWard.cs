using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.AccessPolicies;

/// <summary>Represents a hospital of its own, with a user of each role and patients about whom a doctor has written who is nobody else in the tests.</summary>
internal sealed class CareWard
{
    private static readonly Lazy<Task<CareWard>> Limited = new(OpenLimited);
    private int _visits, _cancelled;

    public required ClinicFixture Clinic { get; init; }
    public required ApiClient Doctor { get; init; }
    public required ApiClient Nurse { get; init; }
    public required ApiClient Receptionist { get; init; }

    /// <summary>Gets the doctor who writes everything.</summary>
    public required ApiClient Author { get; init; }

    public ApiClient Admin => Clinic.Admin;

    /// <summary>Returns the hospital that tests share which do not change its policy: it limits content to those in whose care a patient is.</summary>
    public static Task<CareWard> GetLimited() => Limited.Value;

    /// <summary>Opens a hospital whose nurses have a relation to whoever has a visit in the coming days. Its policy is open.</summary>
    public static async Task<CareWard> Open()
    {
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        await clinic.Admin.Call("update_access_policy", new { nurse_days = 14 });
        return new()
        {
            Clinic = clinic,
            Doctor = await clinic.LogInDoctor(),
            Nurse = await (await TestUser.Create(clinic.Admin, "NURSE")).LogIn(),
            Receptionist = await (await TestUser.Create(clinic.Admin, "RECEPTIONIST")).LogIn(),
            Author = await (await TestUser.Create(clinic.Admin, "DOCTOR")).LogIn(),
        };
    }

    private static async Task<CareWard> OpenLimited()
    {
        var ward = await Open();
        await ward.Admin.Call("update_access_policy", new { mode = "CARE_RELATIONSHIP" });
        return ward;
    }

    /// <summary>Registers a patient and writes about them.</summary>
    public async Task<CareContent> AdmitPatient() => await WriteAbout(await Clinic.CreatePatient());

    /// <summary>Writes a record, a restricted one and a treatment about a patient, and books and cancels an appointment, each with a secret text.</summary>
    public async Task<CareContent> WriteAbout(Guid patient)
    {
        var record = await Author.Call<MedicalRecord>("create_medical_record", new { patient_id = patient, title = "Secret", record_type = "CONSULTATION" });
        var restricted = await Author.Call<MedicalRecord>("create_medical_record",
            new { patient_id = patient, title = "Secret", record_type = "CONSULTATION", restricted = true });
        var treatment = await Author.Call<Treatment>("create_treatment", new { patient_id = patient, doctor_id = Author.Id, name = "Secret" });
        var day = Clinic.Weekday(1 + Interlocked.Increment(ref _cancelled));
        var appointment = await Admin.Call<Appointment>("create_appointment",
            new { patient_id = patient, doctor_id = Author.Id, appointment_date = day, appointment_time = "09:00", reason = "Secret" });
        await Admin.Call("update_appointment_status", new { appointment_id = appointment.Id, status = "CANCELLED", notes = "Secret" });
        return new(patient, record.Id, restricted.Id, treatment.Id, appointment.Id);
    }

    /// <summary>Books a patient with the doctor, within days.</summary>
    /// <param name="by">Who books; the administrator by default.</param>
    public Task<Appointment> BookVisit(Guid patient, ApiClient? by = null)
    {
        var slot = Interlocked.Increment(ref _visits);
        return (by ?? Admin).Call<Appointment>("create_appointment", Clinic.BookingRequest(
            ClinicFixture.FormatTime(new TimeOnly(9, 0).AddMinutes(slot % 16 * 30)), Clinic.Weekday(1 + slot / 16), patient));
    }

    /// <summary>Refers a patient to a user for a month.</summary>
    public Task<Referral> Refer(Guid patient, ApiClient to, ApiClient? by = null) => (by ?? Admin).Call<Referral>("create_referral",
        new { user_id = to.Id, patient_id = patient, until = ClinicFixture.FormatDate(Clinic.Today.AddDays(30)), reason = "Second opinion" });

    /// <summary>Returns whether a user sees the content of a record.</summary>
    public static async Task<bool> Sees(ApiClient user, Guid record) =>
        (string?)(await user.TryCall("get_medical_record", new { record_id = record })).Body["title"] == "Secret";
}

/// <summary>Represents a patient and what was written about them.</summary>
internal sealed record CareContent(Guid Patient, Guid Record, Guid Restricted, Guid Treatment, Guid Appointment);
