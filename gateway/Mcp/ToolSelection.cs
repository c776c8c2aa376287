using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Selects some of the tools, for clients that can offer their model only so many: <c>/mcp?areas=appointments,people&amp;read_only=true</c>. Both parameters
/// narrow what is listed and what can be called.
/// </summary>
/// <param name="Areas">The names of areas of scopes; null for all.</param>
/// <param name="IsReadOnly">Whether tools that change something are left out.</param>
internal sealed record ToolSelection(IReadOnlySet<string>? Areas, bool IsReadOnly)
{
    public static readonly ToolSelection Everything = new(null, IsReadOnly: false);

    private static readonly IReadOnlySet<string> KnownAreas = ToolCatalogue.All.Values.Select(AreaOf).ToHashSet();

    /// <summary>Reads the selection from the query. Throws <see cref="ValidationFailed"/> with all errors.</summary>
    public static ToolSelection Read(HttpRequest request)
    {
        if (!request.QueryString.HasValue) return Everything;
        var (errors, selection) = (new Dictionary<string, List<string>>(), Everything);
        foreach (var (name, values) in request.Query)
            switch (name)
            {
                case "areas":
                    var areas = values.SelectMany(v => v!.Split(',', StringSplitOptions.TrimEntries)).ToHashSet();
                    if (areas.Except(KnownAreas).ToArray() is { Length: > 0 } unknown)
                        errors.AddError(name, $"does not know {string.Join(", ", unknown)}; there are {string.Join(", ", KnownAreas.Order())}");
                    selection = selection with { Areas = areas };
                    break;
                case "read_only":
                    if (!bool.TryParse(values, out var isReadOnly)) errors.AddError(name, "must be true or false");
                    selection = selection with { IsReadOnly = isReadOnly };
                    break;
                default:
                    errors.AddError(name, "is not a parameter here: there are areas and read_only");
                    break;
            }
        return errors.Count == 0 ? selection : throw new ValidationFailed(errors);
    }

    public bool Includes(ToolDescriptor tool) => (Areas is null || Areas.Contains(AreaOf(tool))) && !(IsReadOnly && tool.Effect != Effect.Read);

    private static string AreaOf(ToolDescriptor tool) => tool.Scope.Area;
}
