using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.HttpPipeline;

/// <summary>A path that reads parameters from its query, and refuses those that it does not know itself. Of any other path nothing is read from there.</summary>
internal sealed class QueryParametersMetadata
{
    public static readonly QueryParametersMetadata Instance = new();

    /// <summary>Throws <see cref="ValidationFailed"/> naming each parameter in the query of a path that reads none.</summary>
    public static void ThrowIfUnexpected(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue || http.GetEndpoint()?.Metadata.GetMetadata<QueryParametersMetadata>() is not null) return;
        var mistakes = new Dictionary<string, List<string>>();
        foreach (var name in http.Request.Query.Keys) mistakes.AddError(name, "is not a parameter here: this path reads none from its query");
        if (mistakes.Count > 0) throw new ValidationFailed(mistakes);
    }
}
