using System.Collections.Immutable;

namespace MedCor.Identity.Authorization;

/// <summary>Represents a scope that a user can allow, in words for the user.</summary>
/// <param name="IsRequested">Whether the client has asked for it.</param>
internal sealed record ScopeChoice(string Name, string Description, bool IsRequested);

/// <summary>Lists the scopes that a user allows or not: each names a deed in all areas.</summary>
internal static class ConsentScopes
{
    internal static IReadOnlyList<ScopeChoice> All { get; } =
    [
        new("medcor.read", "Read what you can read, except medical records and treatments", false),
        new("medcor.write", "Create and change what you can create and change", false),
        new("medcor.delete", "Deactivate what you can deactivate", false),
        new("medcor.clinical", "Do this with medical records and treatments as well", false),
    ];

    /// <summary>Returns the scopes with those ticked that a client has asked for. A client that asks for none is offered to read.</summary>
    internal static IReadOnlyList<ScopeChoice> Offer(ImmutableArray<string> requested) =>
        [.. All.Select((scope, n) => scope with { IsRequested = requested.Contains(scope.Name) || (n == 0 && !All.Any(s => requested.Contains(s.Name))) })];

    /// <summary>Returns the scopes that a user has granted. Scopes that MedCor does not have are dropped.</summary>
    internal static ImmutableArray<string> Grant(ImmutableArray<string> requested, IReadOnlyCollection<string> granted) =>
        [.. granted, .. requested.Where(scope => granted.Count > 0 && scope is OpenIddict.Abstractions.OpenIddictConstants.Scopes.OpenId)];
}
