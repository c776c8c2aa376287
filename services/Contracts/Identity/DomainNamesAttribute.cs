using System.Text.RegularExpressions;

namespace MedCor.Contracts.Identity;

/// <summary>Requires texts that are names of domains, such as <c>hospital.example</c>, without the <c>@</c> of an e-mail address.</summary>
public sealed partial class DomainNamesAttribute : EachElementAttribute
{
    public DomainNamesAttribute() => ErrorMessage = "must be names of domains, such as hospital.example";

    /// <summary>The rule as a JSON Schema pattern.</summary>
    public const string Pattern = $@"{Label}(?:\.{Label})*";

    private const string Label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

    /// <inheritdoc/>
    protected override bool IsValidElement(string? text) => text is not null && Domain().IsMatch(text);

    [GeneratedRegex($@"\A{Pattern}\z")]
    private static partial Regex Domain();
}
