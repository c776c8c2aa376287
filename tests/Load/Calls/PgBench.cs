using System.Globalization;
using System.Text.RegularExpressions;
using MedCor.Tests.Fixtures;

namespace MedCor.Load.Calls;

/// <summary>Runs pgbench on copies of the services' databases on the same server, so that what it writes concerns no service.</summary>
internal sealed partial class PgBench(MeasuredSystem system)
{
    private readonly string _programs = Path.GetDirectoryName(
        File.ResolveLinkTarget($"/proc/{system.Processes.Single(p => p.Name == "postgres").Id}/exe", returnFinalTarget: true)!.FullName)!;

    /// <summary>Replaces the copy of a database.</summary>
    public async Task CopyDatabase(string name)
    {
        const string Script = """
            set -e
            "$1/dropdb" --if-exists --force "$3"
            "$1/createdb" "$3"
            "$1/pg_dump" "$2" | "$1/psql" -q -v ON_ERROR_STOP=1 -o /dev/null "$3"
            "$1/psql" -q -c 'VACUUM ANALYZE' "$3"
            """;
        await Run("sh", "-c", Script, "sh", _programs, name, CopyOf(name));
    }

    /// <summary>Runs a script in a closed loop. Returns the executions per second.</summary>
    public async Task<double> Measure(string database, string script, int connections, int seconds)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, script);
            var report = await Run(Path.Combine(_programs, "pgbench"), "-n", "-M", "prepared", "-c", Text(connections), "-j", Text(Environment.ProcessorCount),
                "-T", Text(seconds), "-f", file, CopyOf(database));
            return double.Parse(Rate().Match(report).Groups[1].Value, CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string CopyOf(string database) => $"{database}-pgbench";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<string> Run(string program, params string[] arguments)
    {
        await using var process = await ChildProcess.Run(new(program, arguments)
        {
            Environment =
            {
                ["PGHOST"] = "127.0.0.1", ["PGPORT"] = Text(system.PostgresPort), ["PGUSER"] = "postgres", ["PGPASSWORD"] = system.PostgresPassword,
            },
        });
        // pgbench repeats an error for each connection.
        return process.ExitCode == 0
            ? process.Output
            : throw new MeasurementException($"{program} ended with {process.ExitCode}: {process.Errors.Split('\n')[0]}");
    }

    [GeneratedRegex(@"tps = ([\d.]+)")]
    private static partial Regex Rate();
}
