using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Represents the address of a resource or of one of its entities: <c>medcor://{resource}</c> with the query of REST, or <c>medcor://{resource}/{id}</c>.
/// </summary>
/// <param name="Path">The path after the resource's name, as <see cref="Endpoints.ResourceReader"/> takes it.</param>
internal sealed record ResourceUri(ResourceDescriptor Resource, string Path, QueryString Query)
{
    public const string Scheme = "medcor://";

    /// <summary>Returns the address of a resource.</summary>
    public static string Of(ResourceDescriptor resource) => Scheme + resource.Name;

    /// <summary>Returns the address that a text is; null when the caller's role can read nothing there.</summary>
    public static ResourceUri? TryParse(string? text, Caller caller)
    {
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal) || text.Contains('#', StringComparison.Ordinal)) return null;
        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var (address, query) = mark < 0 ? (text[Scheme.Length..], "") : (text[Scheme.Length..mark], text[mark..]);
        if (query == "?") query = "";
        if (ResourceCatalogue.All.TryGetValue(address, out var whole)) return caller.IsOneOf(whole.Callers) ? new(whole, "", new(query)) : null;
        var slash = address.LastIndexOf('/');
        return slash > 0 && ResourceCatalogue.All.TryGetValue(address[..slash], out var list) && list.IsList && caller.IsOneOf(list.Callers)
            && Guid.TryParse(Uri.UnescapeDataString(address[(slash + 1)..]), out var id)
            ? new(list, $"/{id}", new(query))
            : null;
    }
}
