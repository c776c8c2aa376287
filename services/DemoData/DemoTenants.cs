using MedCor.Contracts;

namespace MedCor.DemoData;

/// <summary>
/// Defines the hospitals, users and specialties of the demo data. Each service seeds its own part from this list, so that the parts fit together.
/// </summary>
public static class DemoTenants
{
    public const string Password = "Demo-Medcor-2026";

    /// <summary>The time since which the hospitals and their doctors have been active. The demo appointments are later.</summary>
    public static readonly DateTimeOffset Opened = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] FirstNames =
        ["Lena", "Paul", "Mila", "Noah", "Sofia", "Emil", "Clara", "Felix", "Hannah", "Oskar", "Ida", "Theo", "Maja", "Anton", "Greta",
            "Luis", "Nora", "Jakob"];

    private static readonly string[] LastNames =
        ["Adler", "Brandt", "Cohen", "Diaz", "Ekström", "Fischer", "Grant", "Hoffmann", "Ivanov", "Jensen", "Kowalski", "Lopez", "Moreau", "Nakamura", "Olsen",
            "Petrov", "Quinn", "Rossi"];

    public static DemoPerson PlatformAdmin { get; } = new(Id(0, 1), null, "admin@medcor.example", "Ada", "Okafor", Role.Admin);

    public static IReadOnlyList<DemoHospital> Hospitals { get; } =
    [
        CreateHospital(1, "General", "general", "Berlin", "Germany", "10117", "Europe/Berlin",
            [("Katrin", "Vogel", "CARD"), ("Jonas", "Lindner", "GP"), ("Amira", "Haddad", "PED")]),
        CreateHospital(2, "Riverside", "riverside", "New York", "USA", "10001", "America/New_York",
            [("Marcus", "Bennett", "GP"), ("Elena", "Castillo", "DERM"), ("Priya", "Raman", "ORTH")]),
    ];

    /// <summary>Gets the specialties, which belong to the platform, not to a hospital.</summary>
    public static IReadOnlyList<(Guid Id, string Code, string Name, string Description)> Specialties { get; } =
    [
        (Id(0, 101), "GP", "General Practice", "First contact and continuing care"),
        (Id(0, 102), "CARD", "Cardiology", "Heart and circulation"),
        (Id(0, 103), "DERM", "Dermatology", "Skin, hair and nails"),
        (Id(0, 104), "PED", "Pediatrics", "Children and adolescents"),
        (Id(0, 105), "ORTH", "Orthopedics", "Bones, joints and muscles"),
    ];

    /// <summary>Gets an account of each role, of the platform and of each hospital, with a description of whose it is.</summary>
    public static IReadOnlyList<(string Email, string Description)> Accounts { get; } =
    [
        (PlatformAdmin.Email, CallerKinds.GetLabel(Callers.Platform)),
        .. from hospital in Hospitals
           from account in hospital.Accounts
           select (account.Email, $"{CallerKinds.GetLabel(account.Kind)} at {hospital.Name}"),
    ];

    private static DemoHospital CreateHospital(int n, string name, string domain, string city, string country, string postalCode, string zone,
        (string First, string Last, string Specialty)[] doctors)
    {
        var id = Id(n, 0);
        var host = $"{domain}.example";
        var patients = new List<DemoPerson>
        {
            new(Id(n, 40), id, $"patient@{host}", n == 1 ? "Miriam" : "Walter", n == 1 ? "Schubert" : "Hughes", Role.Patient)
        };
        for (var i = 1; i < FirstNames.Length; i++)
        {
            var (first, last) = (FirstNames[(i * n) % FirstNames.Length], LastNames[(i * 5 + n) % LastNames.Length]);
            patients.Add(new(Id(n, 40 + i), id, $"patient{i}@{host}", first, last, Role.Patient));
        }
        return new(
            Id: id,
            Name: name,
            Domain: domain,
            City: city,
            Country: country,
            PostalCode: postalCode,
            TimeZone: zone,
            Admin: new(Id(n, 1), id, $"admin@{host}", n == 1 ? "Birgit" : "Carol", n == 1 ? "Sommer" : "Whitfield", Role.Admin),
            Nurse: new(Id(n, 2), id, $"nurse@{host}", n == 1 ? "Tomasz" : "Denise", n == 1 ? "Nowak" : "Foster", Role.Nurse),
            Receptionist: new(Id(n, 3), id, $"receptionist@{host}", n == 1 ? "Selma" : "George", n == 1 ? "Arslan" : "Mills", Role.Receptionist),
            Doctors: [.. doctors.Select(
                (d, i) => (new DemoPerson(Id(n, 10 + i), id, i == 0 ? $"doctor@{host}" : $"doctor{i + 1}@{host}", d.First, d.Last, Role.Doctor), d.Specialty))],
            Patients: patients);
    }

    /// <summary>Creates a person with a name from the lists.</summary>
    /// <param name="number">The number from which the person's ID is made.</param>
    /// <param name="n">The number that selects the name.</param>
    internal static DemoPerson CreatePerson(DemoHospital hospital, int number, string mailbox, int n, Role role) => new(
        Id(1, number), hospital.Id, $"{mailbox}@{hospital.Domain}.example", FirstNames[n % FirstNames.Length],
        LastNames[n / FirstNames.Length % LastNames.Length], role);

    /// <summary>Returns an ID that is the same at every start, of version 7 like all IDs.</summary>
    private static Guid Id(int hospital, int n) => Guid.Parse($"01980000-0000-7000-8{hospital:x3}-{n:x12}");
}

/// <summary>Represents a hospital of the demo data and its people.</summary>
public sealed record DemoHospital(
    Guid Id, string Name, string Domain, string City, string Country, string PostalCode, string TimeZone,
    DemoPerson Admin, DemoPerson Nurse, DemoPerson Receptionist,
    IReadOnlyList<(DemoPerson Person, string Specialty)> Doctors, IReadOnlyList<DemoPerson> Patients)
{
    /// <summary>Gets an account of each role of the hospital.</summary>
    public IReadOnlyList<(Callers Kind, string Email)> Accounts =>
    [
        (Callers.HospitalAdmin, Admin.Email), (Callers.Doctor, Doctors[0].Person.Email), (Callers.Nurse, Nurse.Email),
        (Callers.Receptionist, Receptionist.Email), (Callers.Patient, Patients[0].Email),
    ];

    public IEnumerable<DemoPerson> People => [Admin, Nurse, Receptionist, .. Doctors.Select(d => d.Person), .. Patients];
}

/// <summary>Represents a person in the demo data.</summary>
public sealed record DemoPerson(Guid Id, Guid? HospitalId, string Email, string FirstName, string LastName, Role Role);
