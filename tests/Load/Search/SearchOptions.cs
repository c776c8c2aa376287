using System.Globalization;

namespace MedCor.Load.Search;

/// <summary>Configures the measurement of searches for patients.</summary>
/// <param name="Patients">The number of patients of the large hospital.</param>
/// <param name="Calls">The number of calls of each kind of search.</param>
internal sealed record SearchOptions(int Patients, int Calls)
{
    public const string Usage = """

        With search as the first argument it measures what finding a patient costs in a hospital with 10,000 patients and in a large one.

          --patients N  patients of the large hospital (1000000)
          --calls N     calls of each kind of search (300)
        """;

    /// <summary>Parses the arguments after <c>search</c>. Returns null when they are invalid.</summary>
    public static SearchOptions? Parse(string[] arguments)
    {
        var options = new SearchOptions(1_000_000, 300);
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair.Length < 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0) return null;
            var changed = pair[0] switch
            {
                "--patients" => options with { Patients = number },
                "--calls" => options with { Calls = number },
                _ => null,
            };
            if (changed is null) return null;
            options = changed;
        }
        return options;
    }
}
