using System.Text.Json.Nodes;

namespace MedCor.Tests.Fixtures;

/// <summary>Reads the details of errors.</summary>
public static class ErrorDetailsExtensions
{
    /// <summary>Returns the texts of a detail: what is wrong with a field, or the values that are allowed. Empty when the error has no such detail.</summary>
    public static IReadOnlyList<string> Strings(this JsonNode? details, string name) =>
        details?[name] is JsonArray texts ? [.. texts.Select(text => (string)text!)] : [];
}
