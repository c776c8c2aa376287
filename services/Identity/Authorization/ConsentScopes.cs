using System.Collections.Immutable;
using MedCor.Contracts;

namespace MedCor.Identity.Authorization;

/// <summary>Represents a scope that a user can allow.</summary>
/// <param name="Description">What it permits, in words for the user.</param>
/// <param name="IsRequested">Whether the client has asked for it.</param>
internal sealed record ScopeChoice(string Name, string Description, bool IsRequested)
{
    /// <summary>Gets whether the client has asked for it, and the user has allowed the client less before.</summary>
    public bool IsNew { get; init; }
}

/// <summary>
/// Determines which scopes a user is offered: those of all areas at once, since many clients cannot ask for more later, and those of single areas that the
/// client has asked for.
/// </summary>
internal static class ConsentScopes
{
    private const string Read = "medcor.read";
    private const string OpenId = "openid";

    /// <summary>The scopes that every user is offered, in words that speak of the user's own rights.</summary>
    internal static IReadOnlyList<ScopeChoice> Always { get; } =
    [
        new(Read, "Read what you can read, except medical records and treatments", false),
        new("medcor.write", "Create and change what you can create and change", false),
        new("medcor.delete", "Deactivate what you can deactivate", false),
        new("medcor.clinical", "Do this with medical records and treatments as well", false),
    ];

    /// <summary>Returns the offered scopes, with those ticked that a client has asked for. A client that asks for none asks to read.</summary>
    /// <param name="allowed">What the user has allowed the client before; null when that is nothing.</param>
    internal static IReadOnlyList<ScopeChoice> Offer(ImmutableArray<string> requested, ScopeSet? allowed = null)
    {
        var known = requested.Where(name => Scopes.Find(name) is not null).DefaultIfEmpty(Read).ToHashSet();
        return
        [
            .. Scopes.All.Where(scope => known.Contains(scope.Name) && Always.All(s => s.Name != scope.Name))
                .Select(scope => new ScopeChoice(scope.Name, scope.Description, IsRequested: true) { IsNew = IsNew(scope.Name) }),
            .. Always.Select(scope => scope with { IsRequested = known.Contains(scope.Name), IsNew = known.Contains(scope.Name) && IsNew(scope.Name) }),
        ];

        bool IsNew(string name) => allowed?.Narrow([name]).All.Count == 0;
    }

    /// <summary>
    /// Returns the scopes of the tokens: those that the user has ticked, and <c>openid</c>, which permits nothing, if the client has asked for it.
    /// </summary>
    internal static ImmutableArray<string> Grant(ImmutableArray<string> requested, Func<string, bool> isTicked)
    {
        ImmutableArray<string> granted = [.. Offer(requested).Select(scope => scope.Name).Where(isTicked)];
        return !granted.IsEmpty && requested.Contains(OpenId)
            ? granted.Add(OpenId)
            : granted;
    }

    /// <summary>
    /// Returns the scopes of the tokens of a client whose user need not be asked; none when the user must be: for more than what is remembered, for what
    /// deactivates, and for medical records and treatments.
    /// </summary>
    /// <param name="remembered">What the user has lately allowed the client.</param>
    internal static ImmutableArray<string> GrantRemembered(ImmutableArray<string> requested, ScopeSet remembered)
    {
        var asked = Offer(requested, remembered).Where(scope => scope.IsRequested).ToArray();
        return asked.Any(scope => scope.IsNew || IsDangerous(scope.Name)) ? [] : Grant(requested, isTicked: name => asked.Any(scope => scope.Name == name));
    }

    private static bool IsDangerous(string scope) =>
        scope.EndsWith(".delete", StringComparison.Ordinal) || scope.EndsWith(".clinical", StringComparison.Ordinal)
            || scope.StartsWith("clinical.", StringComparison.Ordinal);
}
