using System.Globalization;
using System.Text.Json;
using MedCor.DemoData;

namespace MedCor.Load.Calls;

/// <summary>
/// Measures operations in a closed loop through one gateway, with the demo year, and what pgbench does with their statements on the same server.
/// </summary>
internal static class CallBenchmark
{
    private const int Connections = 16;

    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerOptions.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true
    };

    public static async Task Measure(CallOptions options)
    {
        Console.WriteLine("MedCor starts");
        var system = await MeasuredSystem.StartKept("calls");
        await using var databases = new DatabaseWatch(system);
        var year = await databases.EnsureDemoYear();
        Console.WriteLine("Waiting until nothing is in progress");
        await databases.WaitUntilQuiet();

        var operations = await Operation.Create(databases);
        if (options.Only is { } only && operations.All(o => o.Name != only))
            throw new MeasurementException($"--only is one of: {string.Join(", ", operations.Select(o => o.Name))}.");
        operations = [.. operations.Where(o => options.Only is null || o.Name == options.Only)];

        var pgbench = new PgBench(system);
        foreach (var database in operations.Select(o => o.Database).Distinct())
        {
            Console.WriteLine($"Copying {database} for pgbench");
            await pgbench.CopyDatabase(database);
        }

        var meter = new CostMeter(system);
        var round = TimeSpan.FromSeconds(options.Seconds);
        List<(string Operation, TimeSpan[] Latencies, TimeSpan Duration, Costs Costs, double PgBench)> rounds = [];
        foreach (var operation in operations)
        {
            Console.WriteLine($"{operation.Name}: warming up");
            using var admin = await LoadUser.LogIn(system.Gateways[0], DemoYear.Hospital.Admin);
            var token = operation.NeedsApiKey ? await admin.CreateApiKey() : admin.Token;
            await ClosedLoop.Run(system.Gateways[0], token, operation, Connections, round);
            await databases.WaitUntilQuiet();

            Console.WriteLine($"{operation.Name}: measuring");
            (TimeSpan[] latencies, TimeSpan duration) = ([], default);
            var costs = await meter.Measure(databases,
                async () => (latencies, duration) = await ClosedLoop.Run(system.Gateways[0], token, operation, Connections, round));
            Console.WriteLine($"{operation.Name}: pgbench");
            var rate = await pgbench.Measure(operation.Database, operation.Script, Connections, options.Seconds);
            rounds.Add((operation.Name, latencies, duration, costs, rate));
        }

        // At the end, when all that runs while idle has been compiled.
        Console.WriteLine("Idle");
        await databases.WaitUntilQuiet();
        var idle = await meter.Measure(databases, () => Delay.For(3 * round));
        OperationResult[] results =
            [.. rounds.Select(r => OperationResult.From(r.Operation, r.Latencies, r.Duration, r.Costs.PerRequest(idle, r.Latencies.Length), r.PgBench))];

        var report = new CallReport(DateTimeOffset.UtcNow, Report.Machine, Connections, options.Seconds, year,
            idle.CpuMilliseconds.ToDictionary(cpu => cpu.Key, cpu => cpu.Value / idle.Seconds), results);
        report.Print();
        Directory.CreateDirectory(Path.GetDirectoryName(options.Json)!);
        await File.WriteAllTextAsync(options.Json, JsonSerializer.Serialize(report, JsonOptions));
        Console.WriteLine($"\nWritten to {options.Json}");
    }
}

/// <summary>Represents the measurements of an operation; costs are per request, without those of an idle MedCor.</summary>
internal sealed record OperationResult(
    string Operation, int Requests, double RequestsPerSecond, double P50Milliseconds, double P99Milliseconds,
    IReadOnlyDictionary<string, double> CpuMilliseconds, double AllocatedBytes, double RoundTrips, double PgbenchPerSecond)
{
    public static OperationResult From(string operation, TimeSpan[] latencies, TimeSpan duration, Costs perRequest, double pgbench) => new(
        Operation: operation,
        Requests: latencies.Length,
        RequestsPerSecond: latencies.Length / duration.TotalSeconds,
        P50Milliseconds: Report.Percentile(latencies, 50).TotalMilliseconds,
        P99Milliseconds: Report.Percentile(latencies, 99).TotalMilliseconds,
        CpuMilliseconds: perRequest.CpuMilliseconds,
        AllocatedBytes: perRequest.AllocatedBytes,
        RoundTrips: perRequest.RoundTrips,
        PgbenchPerSecond: pgbench);
}

/// <summary>Represents the results of a run.</summary>
/// <param name="DemoYear">How the demo year was counted; null when it was there before.</param>
/// <param name="IdleCpuMillisecondsPerSecond">The CPU time of each process while nobody calls.</param>
internal sealed record CallReport(
    DateTimeOffset MeasuredAt, string Machine, int Connections, int RoundSeconds, DemoYearResult? DemoYear,
    IReadOnlyDictionary<string, double> IdleCpuMillisecondsPerSecond, IReadOnlyList<OperationResult> Operations)
{
    public void Print()
    {
        Console.WriteLine($"\n{MeasuredAt:yyyy-MM-dd}, on {Machine}");
        if (DemoYear is { } year) Console.WriteLine(
            Text($"Analytics counted {year.Appointments:N0} appointments in {year.Seconds:N0} s; ")
            + Text($"Clinical's outbox published {year.EventsPerSecond:N0} events a second"));

        Console.WriteLine();
        PrintTable(["operation", "requests/s", "p50 ms", "p99 ms", "CPU ms", "allocated KiB", "round trips", "pgbench/s", "share"],
            Operations.Select(o => (string[])[
                o.Operation, Text($"{o.RequestsPerSecond:N0}"), Text($"{o.P50Milliseconds:N1}"), Text($"{o.P99Milliseconds:N1}"),
                Text($"{o.CpuMilliseconds.Values.Sum():N2}"),
                Text($"{o.AllocatedBytes / 1024:N0}"), Text($"{o.RoundTrips:N1}"), Text($"{o.PgbenchPerSecond:N0}"),
                Text($"{o.RequestsPerSecond / o.PgbenchPerSecond:P0}")]));

        Console.WriteLine("\nCPU milliseconds by process: a request, and a second while nobody calls");
        string[] processes = [.. IdleCpuMillisecondsPerSecond.Keys];
        PrintTable(["operation", .. processes],
            Operations.Select(o => (o.Operation, o.CpuMilliseconds)).Append(("idle, a second", IdleCpuMillisecondsPerSecond))
                .Select(row => (string[])[row.Item1, .. processes.Select(process => Text($"{row.Item2[process]:N2}"))]));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Prints a Markdown table with numbers aligned to the right.</summary>
    private static void PrintTable(string[] header, IEnumerable<string[]> rows)
    {
        string[][] lines = [header, .. rows];
        int[] widths = [.. header.Select((_, column) => lines.Max(line => line[column].Length))];
        Print(header);
        Console.WriteLine(
            $"|{string.Join('|', widths.Select((width, column) => column == 0 ? new string('-', width + 2) : new string('-', width + 1) + ":"))}|");
        foreach (var line in lines[1..]) Print(line);

        void Print(string[] line) =>
            Console.WriteLine(
                $"| {string.Join(" | ", line.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))} |");
    }
}
