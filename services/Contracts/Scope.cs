namespace MedCor.Contracts;

/// <summary>Specifies what a scope permits in its area. Each action includes those before it.</summary>
public enum ScopeAction { Read, Write, Delete }

/// <summary>
/// Represents a scope: what an access token may be limited to. A scope of an area permits one action there, such as <c>appointments.write</c>. The scope that a
/// tool, a resource or a live event requires follows from its contract.
/// </summary>
/// <param name="Name">The name, as in the <c>scope</c> claim of tokens.</param>
/// <param name="Description">What the scope permits, in one sentence for people.</param>
public sealed record Scope(string Name, string Description)
{
    /// <summary>Represents what nobody can be limited to, so that only tokens without scopes reach it.</summary>
    public static readonly Scope Unknown = new("", "");

    /// <summary>Gets the name of the scope's area, or <c>medcor</c> for a scope of all areas.</summary>
    public string Area => Name.Split('.')[0];

    /// <summary>Gets the bit that a set must contain to cover this scope; 0 when none does.</summary>
    internal ulong Bit { get; init; }

    /// <summary>Gets the bits that this scope adds to a set.</summary>
    internal ulong Granted { get; init; }

    /// <summary>Gets the bits that this scope adds to a set that also contains <c>medcor.clinical</c>.</summary>
    internal ulong GrantedWithClinical { get; init; }

    /// <summary>Returns the scope that permits an action in an area.</summary>
    /// <exception cref="InvalidOperationException">The area is not one of <see cref="ScopeAreas"/>.</exception>
    public static Scope Of(string area, ScopeAction action) => ScopeAreas.Find(area, action);

    /// <summary>Returns the scope that a call requires.</summary>
    /// <param name="service">The name of the service that owns what is called.</param>
    /// <param name="resource">The name of the resource whose entities it reads or changes; null when they belong to none.</param>
    internal static Scope For(string service, string? resource, Effect effect) => Of(ScopeAreas.GetName(service, resource), effect switch
    {
        Effect.Read => ScopeAction.Read,
        Effect.Delete => ScopeAction.Delete,
        _ => ScopeAction.Write,
    });
}
