using System.Globalization;

namespace MedCor.Load.Calls;

/// <summary>Configures the benchmark of single operations.</summary>
/// <param name="Seconds">The duration of a round, in seconds.</param>
/// <param name="Only">The only operation that is measured; null to measure all.</param>
/// <param name="Json">The file that receives the results.</param>
internal sealed record CallOptions(int Seconds, string? Only, string Json)
{
    public const string Usage = """

        With calls as the first argument it measures single operations beside what pgbench does with their statements.

          --seconds N   duration of a round (10)
          --only NAME   measure this operation alone
          --json FILE   where the results are written (.medcor/calls.json)
        """;

    /// <summary>Parses the arguments after <c>calls</c>. Returns null when they are invalid.</summary>
    public static CallOptions? Parse(string[] arguments)
    {
        var options = new CallOptions(10, null, MeasuredSystem.DataPath("calls.json"));
        foreach (var pair in arguments.Chunk(2))
        {
            var changed = pair switch
            {
                ["--seconds", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 =>
                    options with { Seconds = seconds },
                ["--only", var name] => options with { Only = name },
                ["--json", var file] => options with { Json = Path.GetFullPath(file) },
                _ => null,
            };
            if (changed is null) return null;
            options = changed;
        }
        return options;
    }
}
