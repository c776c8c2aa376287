using System.Globalization;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;

namespace MedCor.Tests.Services.Identity.Duplicates;

/// <summary>
/// Generates the patients of a hospital, always the same for a seed: with common and rare names, families, twins and fathers and sons of one name, and known
/// duplicates, who differ by what is mistyped, exchanged, missing or has changed when somebody is registered again.
/// </summary>
internal sealed class GeneratedPatients
{
    private static readonly string[] FirstNames =
    [
        "Anna", "Maria", "Peter", "Thomas", "Michael", "Sabine", "Andrea", "Stefan", "Christian", "Petra", "Martin", "Claudia", "Andreas", "Susanne", "Markus",
        "Julia", "Daniel", "Katharina", "Alexander", "Stefanie", "Matthias", "Christine", "Sebastian", "Nicole", "Tobias", "Sandra", "Florian", "Melanie",
        "Jan", "Birgit", "Jonas", "Monika", "Lukas", "Karin", "Felix", "Ursula", "Maximilian", "Renate", "Paul", "Helga", "Leon", "Ingrid", "Emma", "Gisela",
        "Hannah", "Brigitte", "Mia", "Heike", "Sophie", "Angelika", "Lena", "Silke", "Laura", "Kerstin", "Lea", "Anja", "Sarah", "Tanja", "Lisa", "Manuela",
        "Mehmet", "Fatma", "Mustafa", "Ayşe", "Ahmet", "Emine", "Ali", "Zeynep", "Piotr", "Agnieszka", "Tomasz", "Małgorzata", "Dmitri", "Olga", "Sergei",
        "Natalia", "Giovanni", "Francesca", "Giuseppe", "Chiara", "José", "Carmen", "Miguel", "Lucía", "Pierre", "Amélie", "Jürgen", "Jörg", "Günther",
        "Käthe", "Dörte", "Siegfried", "Friederike", "Wilhelmina", "Konstantin", "Theodor", "Valentina", "Leonhard", "Ottilie", "Ferdinand", "Mathilda",
        "Benedikt", "Korbinian", "Philippa", "Raphael", "Josephine", "Emilia", "Anton", "Clara", "Oskar", "Frieda", "Henry", "Ida", "Theo", "Marlene",
    ];

    private static readonly string[] LastNames =
    [
        "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann", "Schäfer", "Koch", "Bauer", "Richter", "Klein",
        "Wolf", "Schröder", "Neumann", "Schwarz", "Zimmermann", "Braun", "Krüger", "Hofmann", "Hartmann", "Lange", "Schmitt", "Werner", "Krause", "Meier",
        "Lehmann", "Yılmaz", "Kaya", "Demir", "Nowak", "Kowalski", "Iwanow", "Rossi", "García", "O'Brien", "von Bülow",
        .. from stem in (string[])["Berg", "Stein", "Wald", "Brunn", "Eichen", "Linden", "Roten", "Grün", "Silber", "Gold", "Hirsch", "Adler", "Falken",
               "Wolfs", "Bären", "Kirch", "Burg", "Schloss", "Mühl", "Bach", "See", "Moos", "Kalten", "Warten", "Sonnen", "Winter", "Sommer", "Herbst", "Oster",
               "Nieder"]
           from ending in (string[])["mann", "hofer", "bacher", "berger", "huber", "meister", "wieser", "egger", "reuter", "thaler", "brenner", "gruber"]
           select stem + ending,
    ];

    private readonly Random _random;
    private readonly Guid _hospital;
    private readonly List<Account> _all = [];
    private readonly List<(Guid First, Guid Second)> _duplicates = [];

    private GeneratedPatients(int seed, Guid hospital) => (_random, _hospital) = (new(seed), hospital);

    public IReadOnlyList<Account> All => _all;

    /// <summary>Gets the pairs of patients who are one person, the one who was registered first at the front.</summary>
    public IReadOnlyList<(Guid First, Guid Second)> Duplicates => _duplicates;

    public static GeneratedPatients Create(Guid hospital, int patients, int duplicates, int seed = 1)
    {
        var all = new GeneratedPatients(seed, hospital);
        while (all._all.Count < patients) all.AddHousehold();
        var known = all._all.ToArray();
        for (var i = 0; i < duplicates; i++) all.AddDuplicate(known[i * (known.Length / duplicates)], i % 10);
        return all;
    }

    /// <summary>Adds people who live together and have one e-mail address: of ten households, six are of one person.</summary>
    private void AddHousehold()
    {
        var (last, phone, address, email) = (Pick(LastNames), Phone(), Address(), Email());
        var first = Add(Pick(FirstNames), last, Birth(), phone, address, email);
        switch (_random.Next(100))
        {
            case < 30:
                Add(Other(first.FirstName), last, Birth(), phone, address, email);
                break;
            case < 38:
                for (var i = 0; i < 2; i++) Add(Other(first.FirstName), last, Birth(), phone, address, email);
                break;
            case < 39:
                // Twins.
                Add(Other(first.FirstName), last, first.DateOfBirth, phone, address, email);
                break;
            case < 40:
                // Father and son.
                Add(first.FirstName, last, first.DateOfBirth!.Value.AddYears(-28).AddDays(-_random.Next(300)), phone, address, email);
                break;
        }
    }

    /// <summary>Registers a patient again.</summary>
    /// <param name="kind">What has changed or went wrong.</param>
    private void AddDuplicate(Account known, int kind)
    {
        var (first, last, born, phone, address) = (known.FirstName, known.LastName, known.DateOfBirth, known.PhoneNumber, known.Demographics.Address);
        if (kind is 0 or 8) first = Mistype(first);
        if (kind is 1 or 4 or 8) last = Mistype(last);
        if (kind is 2 or 7) (first, last) = (last, first);
        if (kind is 3 or 4 or 6 or 7 or 9) (phone, address) = (Phone(), Address());
        if (kind is 5 or 9) born = Mistype(born!.Value);
        if (kind == 6) born = null;
        // Those of kind 6, who have moved and whose birth date is missing, have the name and this alone in common.
        var email = kind is 5 or 6 ? known.Email! : Email();
        _duplicates.Add((known.Id, Add(first, last, born, phone, address, email).Id));
    }

    private Account Add(string first, string last, DateOnly? born, string? phone, PatientAddress? address, string email)
    {
        // In the order of registration, whichever patient comes first in a millisecond.
        var id = Guid.ParseExact(string.Create(CultureInfo.InvariantCulture, $"0199{_all.Count:x8}").PadRight(32, '0'), "N");
        var account = new Account
        {
            Id = id,
            HospitalId = _hospital,
            Email = email,
            FirstName = first,
            LastName = last,
            Role = Role.Patient,
            PhoneNumber = phone,
            DateOfBirth = born,
            Mrn = string.Create(CultureInfo.InvariantCulture, $"{3_000_000_000 + _all.Count}"),
            Demographics = Demographics.None with { Address = address },
        };
        _all.Add(account);
        return account;
    }

    /// <summary>Picks an entry, the first ones more often than the last ones, as some names are common and most are rare.</summary>
    private string Pick(string[] names) => names[(int)(names.Length * Math.Pow(_random.NextDouble(), 2))];

    private string Other(string name)
    {
        while (true)
            if (Pick(FirstNames) is var other && other != name) return other;
    }

    private DateOnly Birth() => new DateOnly(1935, 1, 1).AddDays(_random.Next(32_800));

    private string Phone() => string.Create(CultureInfo.InvariantCulture, $"+49 {_random.Next(30, 1000)} {_random.Next(1_000_000, 10_000_000)}");

    private string Email() => string.Create(CultureInfo.InvariantCulture, $"{_random.NextInt64(1L << 50):x}@people.example");

    private PatientAddress Address() => new(
        AddressLine1: string.Create(CultureInfo.InvariantCulture, $"{Pick(LastNames)}straße {_random.Next(1, 150)}"), City: "Berlin",
        PostalCode: string.Create(CultureInfo.InvariantCulture, $"{_random.Next(10_000, 15_000)}"));

    /// <summary>Leaves out, adds or changes a letter of a name, or exchanges two.</summary>
    private string Mistype(string name)
    {
        while (true)
        {
            var (at, letter) = (_random.Next(name.Length - 1), (char)('a' + _random.Next(26)));
            var mistyped = _random.Next(4) switch
            {
                0 => name.Remove(at, 1),
                1 => name.Insert(at, $"{letter}"),
                2 => name.Remove(at, 1).Insert(at, $"{letter}"),
                _ => name.Remove(at, 2).Insert(at, $"{name[at + 1]}{name[at]}"),
            };
            if (!mistyped.Equals(name, StringComparison.OrdinalIgnoreCase)) return mistyped;
        }
    }

    /// <summary>Exchanges day and month of a date, or changes a digit of its year.</summary>
    private DateOnly Mistype(DateOnly date)
    {
        if (date.Day <= 12 && date.Day != date.Month) return new(date.Year, date.Day, date.Month);
        var decade = date.Year / 10 * 10;
        var year = decade + (date.Year - decade + 1 + _random.Next(8)) % 10;
        return new(year, date.Month, Math.Min(date.Day, DateTime.DaysInMonth(year, date.Month)));
    }
}
