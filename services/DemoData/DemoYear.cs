namespace MedCor.DemoData;

/// <summary>
/// Who is who in the year of demo data that the operator command <c>demo-year</c> adds to the first demo hospital. Identity and Clinical each add their own part of it,
/// at the same ids whenever they do, so that a command that was interrupted or repeated adds what is missing.
/// </summary>
public static class DemoYear
{
    /// <summary>How many appointments the year has.</summary>
    public const int AppointmentCount = 100_000;

    /// <summary>Enough for that many appointments, within working hours and at most four fifths booked.</summary>
    public const int DoctorCount = 32;

    public const int PatientCount = 8_000;

    public static DemoHospital Hospital => DemoTenants.Hospitals[0];

    /// <summary>The n-th doctor, from 0.</summary>
    public static DemoPerson Doctor(int n) => DemoTenants.CreatePerson(Hospital, 0x10000 + n, $"year-doctor{n + 1}", n * 7 + 3, Contracts.Role.Doctor);

    /// <summary>The n-th patient, from 0.</summary>
    public static DemoPerson Patient(int n) => DemoTenants.CreatePerson(Hospital, 0x20000 + n, $"year-patient{n + 1}", n, Contracts.Role.Patient);

    /// <summary>The specialty that a doctor practises.</summary>
    public static Guid SpecialtyOf(int doctor) => DemoTenants.Specialties[doctor % DemoTenants.Specialties.Count].Id;
}
