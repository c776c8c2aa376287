using System.Diagnostics;
using MedCor.DemoData;
using Npgsql;

namespace MedCor.Load.Calls;

/// <summary>Queries the databases of the services, as PostgreSQL's superuser.</summary>
internal sealed class DatabaseWatch(MeasuredSystem system) : IAsyncDisposable
{
    private static readonly string[] Names = ["hospitaldb", "identitydb", "clinicaldb", "billingdb", "analyticsdb", "chatdb"];

    /// <summary>The time without a write after which nothing is in progress any more.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(30);

    private readonly Dictionary<string, NpgsqlDataSource> _databases = Names.ToDictionary(name => name, name => NpgsqlDataSource.Create(
        $"Host=127.0.0.1;Port={system.PostgresPort};Username=postgres;Password={system.PostgresPassword};Database={name};"
            + "Maximum Pool Size=1;Application Name=load"));

    /// <summary>Waits until all outboxes are empty and no service has written for a while.</summary>
    public async Task WaitUntilQuiet()
    {
        var (began, since, last) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp(), -1L);
        while (Stopwatch.GetElapsedTime(since) < QuietTime)
        {
            await Delay.For(PollInterval);
            var written = await One<long>("clinicaldb",
                "SELECT sum(tup_inserted + tup_updated + tup_deleted)::bigint FROM pg_stat_database WHERE datname = ANY($1)", [Names]);
            var pending = 0L;
            foreach (var name in Names)
                pending += await One<long>(name, "SELECT count(*) FROM (SELECT FROM outbox WHERE dispatched_at IS NULL LIMIT 1) AS pending");
            if (written != last || pending > 0) since = Stopwatch.GetTimestamp();
            last = written;
            if (Stopwatch.GetElapsedTime(began) > Timeout) throw new MeasurementException("MedCor did not become idle.");
        }
    }

    /// <summary>Adds the demo year unless it is there, and waits until Analytics has counted it. Returns null when it was there.</summary>
    public async Task<DemoYearResult?> EnsureDemoYear()
    {
        if (await CountAppointments() >= DemoYear.AppointmentCount) return null;
        Console.WriteLine("Adding the demo year");
        await system.RunCommand("demo-year");

        Console.WriteLine("Waiting for Analytics");
        var (began, all) = (DateTimeOffset.UtcNow, await CountAppointments());
        for (var seconds = 1; ; seconds++)
        {
            await Delay.For(TimeSpan.FromSeconds(1));
            var counted = await One<long>("analyticsdb", "SELECT count(*) FROM visits WHERE hospital_id = $1", DemoYear.Hospital.Id);
            if (counted >= all) break;
            if (seconds % 10 == 0) Console.WriteLine($"  {counted:N0} of {all:N0} appointments");
            if (DateTimeOffset.UtcNow - began > Timeout) throw new MeasurementException("Analytics did not count the demo year.");
        }
        var countedIn = DateTimeOffset.UtcNow - began;
        var rate = await One<double>("clinicaldb",
            "SELECT (count(*) / extract(epoch FROM max(dispatched_at) - min(dispatched_at)))::float8 FROM outbox WHERE addressee = 'analytics' AND "
            + "dispatched_at >= $1",
            began.AddSeconds(-1));
        return new(all, countedIn.TotalSeconds, rate);
    }

    /// <summary>Returns the rows of a query.</summary>
    public async Task<List<T>> Read<T>(string database, string sql, Func<NpgsqlDataReader, T> row, params object[] parameters)
    {
        await using var command = _databases[database].CreateCommand(sql);
        foreach (var value in parameters) command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(row(reader));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _databases.Values) await database.DisposeAsync();
    }

    private Task<long> CountAppointments() => One<long>("clinicaldb", "SELECT count(*) FROM appointments WHERE hospital_id = $1", DemoYear.Hospital.Id);

    private async Task<T> One<T>(string database, string sql, params object[] parameters) =>
        (await Read(database, sql, reader => reader.GetFieldValue<T>(0), parameters))[0];
}

/// <summary>Represents how the demo year was counted.</summary>
/// <param name="Seconds">The time from the end of the operator command until Analytics had counted the last appointment, in seconds.</param>
/// <param name="EventsPerSecond">The rate at which Clinical's outbox published the events of the appointments.</param>
internal sealed record DemoYearResult(long Appointments, double Seconds, double EventsPerSecond);
