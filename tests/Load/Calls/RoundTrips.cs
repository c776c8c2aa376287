using System.Globalization;
using System.Text.RegularExpressions;
using MedCor.Tests.Fixtures;

namespace MedCor.Load.Calls;

/// <summary>
/// Counts the requests that processes have sent to PostgreSQL: the TCP segments with content. Npgsql sends a command, a batch or a COMMIT in one segment if it
/// fits into its buffer of 8 KiB.
/// </summary>
internal static partial class RoundTrips
{
    /// <summary>Returns the requests so far on each open connection of the processes.</summary>
    public static async Task<Dictionary<string, long>> Read(int port, IEnumerable<int> processes)
    {
        var owners = processes.Select(id => string.Create(CultureInfo.InvariantCulture, $"{id}")).ToHashSet();
        var connections = await ChildProcess.RunSuccessfully(new("ss", ["-tinpOH", "state", "established", $"dport = :{port}"]));
        return connections.Split('\n').Select(line => Connection().Match(line)).Where(match => match.Success && owners.Contains(match.Groups["process"].Value))
            .ToDictionary(match => match.Groups["address"].Value, match => long.Parse(match.Groups["segments"].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>Returns the number of requests between two readings; those on connections that were closed in between are missing.</summary>
    public static long Count(Dictionary<string, long> before, Dictionary<string, long> after) =>
        after.Sum(connection => connection.Value - before.GetValueOrDefault(connection.Key));

    [GeneratedRegex(@"^\s*\d+\s+\d+\s+(?<address>\S+)\s.*pid=(?<process>\d+),.*\sdata_segs_out:(?<segments>\d+)")]
    private static partial Regex Connection();
}
