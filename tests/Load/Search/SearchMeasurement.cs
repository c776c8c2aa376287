using System.Diagnostics;
using System.Globalization;
using MedCor.DemoData;
using MedCor.Load.Calls;
using Npgsql;

namespace MedCor.Load.Search;

/// <summary>
/// Measures the CPU time of all processes for each kind of search for a patient, in a hospital with 10,000 patients and in a large one, and by how much it is
/// greater there. The patients stay for the next run.
/// </summary>
internal static class SearchMeasurement
{
    private const int SmallHospital = 10_000;

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private static readonly string[] Firsts = ["anna", "maria", "peter", "thomas", "michael", "sabine", "andrea", "stefan", "christian", "petra", "martin",
        "claudia", "andreas", "susanne", "markus", "julia", "daniel", "katharina", "alexander", "stefanie", "matthias", "christine", "sebastian", "nicole"];

    private static readonly string[] Stems = ["berg", "stein", "wald", "brunn", "eichen", "linden", "roten", "silber", "gold", "hirsch", "adler", "falken",
        "wolfs", "kirch", "burg", "schloss", "mond", "bach", "moos", "kalten", "warten", "sonnen", "winter", "sommer", "herbst", "oster", "nieder", "ober"];

    private static readonly string[] Endings = ["mann", "hofer", "bacher", "berger", "huber", "meister", "wieser", "egger", "reuter", "thaler", "brenner",
        "gruber", "lechner", "moser", "pichler", "steiner", "wagner", "winkler", "zeller", "auer", "ecker", "fischer", "haller", "kogler", "leitner"];

    /// <summary>The kinds of search, each with the parameters of the n-th call. The names are those that <see cref="Fill"/> gives.</summary>
    private static readonly (string Name, Func<int, object> Parameters)[] Kinds =
    [
        ("number", n => new { mrn = $"{9_000_000_000 + 1 + n * 37L % SmallHospital}" }),
        ("birth date", n => new { date_of_birth = FormatDate(new DateOnly(1930, 1, 1).AddDays((int)(n * 7_919L % 33_000))) }),
        ("phone", n => new { phone_number = $"030 {5_000_001 + n * 37 % SmallHospital}" }),
        ("prefix", n => new { search = Stems[n % Stems.Length][..3] }),
        ("first and last name", n => new { search = $"{Firsts[n % Firsts.Length]} {Stems[n % Stems.Length]}" }),
        ("typing error", n => new { search = $"{Firsts[n % Firsts.Length]} {Stems[n % Stems.Length].Remove(2, 1)}{Endings[n % Endings.Length]}" }),
    ];

    public static async Task Measure(SearchOptions options)
    {
        Console.WriteLine("MedCor starts");
        var house = await MeasuredSystem.StartKept("search");
        (DemoHospital Hospital, int Patients)[] hospitals = [(DemoTenants.Hospitals[0], SmallHospital), (DemoTenants.Hospitals[1], options.Patients)];
        foreach (var (hospital, patients) in hospitals)
        {
            Console.WriteLine($"{hospital.Name}: {patients:N0} patients");
            await Fill(house, hospital.Id, patients);
        }

        var report = new Report();
        var costs = Kinds.ToDictionary(kind => kind.Name, _ => new List<double>());
        foreach (var (hospital, patients) in hospitals)
        {
            using var nurse = await LoadUser.LogIn(house.Gateways[0], hospital.Nurse);
            report.Begin($"{patients:N0} patients, CPU time of a search");
            foreach (var (name, parameters) in Kinds)
            {
                Console.WriteLine($"{hospital.Name}: {name}");
                await Call(nurse, parameters, options.Calls);
                var idle = await Cpu(house, () => Delay.For(IdleTime)) / IdleTime.TotalMilliseconds;
                var watch = Stopwatch.StartNew();
                var used = await Cpu(house, () => Call(nurse, parameters, options.Calls)) - idle * watch.Elapsed.TotalMilliseconds;
                costs[name].Add(used / options.Calls);
                report.Add(name, string.Create(CultureInfo.InvariantCulture, $"{costs[name][^1]:N2} ms"));
            }
        }
        report.Begin("The large hospital compared with the small one");
        foreach (var (name, cost) in costs) report.Add(name, string.Create(CultureInfo.InvariantCulture, $"{cost[1] / cost[0]:N2} times"));
        report.Print();
    }

    private static async Task Call(LoadUser nurse, Func<int, object> parameters, int calls)
    {
        for (var n = 0; n < calls; n++) await nurse.FindPatients(parameters(n));
    }

    /// <summary>Returns the CPU time that all processes use while something runs, in milliseconds.</summary>
    private static async Task<double> Cpu(MeasuredSystem house, Func<Task> run)
    {
        var before = CpuTime.Read(house.Processes).Values.Sum();
        await run();
        return CpuTime.Read(house.Processes).Values.Sum() - before;
    }

    /// <summary>Adds patients with common and rare names unless they are there, without comparing them for duplicates.</summary>
    private static async Task Fill(MeasuredSystem house, Guid hospital, int patients)
    {
        await using var database = new NpgsqlConnection($"Host=127.0.0.1;Port={house.PostgresPort};Username=postgres;Password={house.PostgresPassword};"
            + "Database=identitydb;Pooling=false;Command Timeout=3600;Application Name=load");
        await database.OpenAsync();
        await using var count = new NpgsqlCommand("SELECT count(*) FROM users WHERE hospital_id = $1 AND email LIKE 'search%'", database)
        {
            Parameters = { new() { Value = hospital } },
        };
        if ((long)(await count.ExecuteScalarAsync())! >= patients) return;
        await using var fill = new NpgsqlCommand($"""
            ALTER TABLE users DISABLE TRIGGER USER;
            INSERT INTO users (id, hospital_id, email, email_key, first_name, last_name, role, phone_number, date_of_birth, mrn,
                is_available, is_active, version, created_at, updated_at)
            SELECT md5('{hospital}' || n)::uuid, '{hospital}', e, e, initcap((ARRAY[{Quote(Firsts)}])[1 + n % {Firsts.Length}]),
                initcap((ARRAY[{Quote(Stems)}])[1 + n / 7 % {Stems.Length}] || (ARRAY[{Quote(Endings)}])[1 + n / 3 % {Endings.Length}]), 'PATIENT',
                '+49 30 ' || 5000000 + n, date '1930-01-01' + (n::bigint * 7919 % 33000)::integer, (9000000000 + n)::text, true, true, 1, now(), now()
            FROM (SELECT n, 'search' || n || '@' || left(md5('{hospital}'), 8) || '.example' AS e FROM generate_series(1, {patients}) n) AS p;
            ALTER TABLE users ENABLE TRIGGER USER;
            INSERT INTO patient_keys (hospital_id, kind, key, patient_id)
            SELECT u.hospital_id, k.kind, k.key, u.id FROM users u CROSS JOIN LATERAL keys_of_patient(u) k
            WHERE u.hospital_id = '{hospital}' AND u.email LIKE 'search%';
            INSERT INTO name_variants (hospital_id, variant, name)
            SELECT '{hospital}'::uuid, v, w FROM (
                SELECT DISTINCT split_part(key, ' ', 1) AS w FROM patient_keys WHERE hospital_id = '{hospital}' AND kind = 'NAME') AS words
            CROSS JOIN LATERAL spelling_variants(w) AS v ON CONFLICT DO NOTHING;
            """, database);
        await fill.ExecuteNonQueryAsync();
        await using var analyze = new NpgsqlCommand("VACUUM ANALYZE", database);
        await analyze.ExecuteNonQueryAsync();
    }

    private static string Quote(string[] words) => string.Join(", ", words.Select(word => $"'{word}'"));

    private static string FormatDate(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
