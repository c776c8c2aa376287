using System.Text.RegularExpressions;
using System.Web;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a form of a page, which is filled in as a browser without scripts does.</summary>
internal sealed partial record HtmlForm(string Html)
{
    /// <summary>Gets the address to which the form is sent; null when it is that of the page.</summary>
    public string? Action => Attribute(Tag().Match(Html).Value, "action") is { Length: > 0 } stated ? stated : null;

    /// <summary>Returns the forms of a page.</summary>
    public static IReadOnlyList<HtmlForm> FindAll(string page) => [.. Form().Matches(page).Select(m => new HtmlForm(m.Value))];

    /// <summary>Returns the form of a page that has a field; of several, the one in which the field has this value.</summary>
    public static HtmlForm Find(string page, (string Name, string Value) field)
    {
        var forms = FindAll(page).Where(f => f.Has("name", field.Name)).ToArray();
        return forms.Length == 1 ? forms[0] : forms.Single(f => f.Has("value", field.Value));
    }

    /// <summary>Returns what is sent: these fields, and the hidden ones that are not among them.</summary>
    public FormUrlEncodedContent Fill((string Name, string Value)[] fields)
    {
        var hidden = HiddenField().Matches(Html).Select(m => m.Value).Select(tag => (Name: Attribute(tag, "name"), Value: Attribute(tag, "value")));
        return new(hidden.Where(h => fields.All(f => f.Name != h.Name)).Concat(fields).Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
    }

    private bool Has(string attribute, string value) => Html.Contains($"{attribute}=\"{value}\"", StringComparison.Ordinal);

    private static string Attribute(string tag, string name) => HttpUtility.HtmlDecode(Regex.Match(tag, $"\\b{name}=\"([^\"]*)\"").Groups[1].Value);

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("^<form[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("<input[^>]*type=\"hidden\"[^>]*>")]
    private static partial Regex HiddenField();
}
