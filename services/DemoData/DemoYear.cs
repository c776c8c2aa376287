namespace MedCor.DemoData;

/// <summary>
/// Defines the people of the year of demo data that the operator command <c>demo-year</c> adds to the first demo hospital. Identity and Clinical each add their
/// own part, always with the same IDs, so a command that was interrupted or repeated adds what is missing.
/// </summary>
public static class DemoYear
{
    /// <summary>The number of appointments in the year.</summary>
    public const int AppointmentCount = 100_000;

    /// <summary>The number of doctors: enough for that many appointments within working hours, with at most four fifths of the hours booked.</summary>
    public const int DoctorCount = 32;

    public const int PatientCount = 8_000;

    public static DemoHospital Hospital => DemoTenants.Hospitals[0];

    /// <summary>Returns the n-th doctor, counted from 0.</summary>
    public static DemoPerson Doctor(int n) => DemoTenants.CreatePerson(Hospital, 0x10000 + n, $"year-doctor{n + 1}", n * 7 + 3, Contracts.Role.Doctor);

    /// <summary>Returns the n-th patient, counted from 0.</summary>
    public static DemoPerson Patient(int n) => DemoTenants.CreatePerson(Hospital, 0x20000 + n, $"year-patient{n + 1}", n, Contracts.Role.Patient);

    /// <summary>Returns the ID of a doctor's specialty.</summary>
    public static Guid SpecialtyOf(int doctor) => DemoTenants.Specialties[doctor % DemoTenants.Specialties.Count].Id;
}
