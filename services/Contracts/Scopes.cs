using System.Collections.Frozen;

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
    /// <param name="resource">The name of the resource whose entities it reads or changes or, when they belong to none, of what it returns.</param>
    internal static Scope For(string service, string? resource, Effect effect) => Of(ScopeAreas.GetName(service, resource), effect switch
    {
        Effect.Read => ScopeAction.Read,
        Effect.Delete => ScopeAction.Delete,
        _ => ScopeAction.Write,
    });
}

/// <summary>Defines the areas into which scopes divide the tools and resources.</summary>
internal static class ScopeAreas
{
    /// <summary>The area of chat and guided prompts.</summary>
    internal const string Chat = "chat";

    /// <summary>The area of medical records and treatments.</summary>
    internal const string Clinical = "clinical";

    /// <summary>The area of users and of how they sign in.</summary>
    internal const string People = "people";

    /// <summary>The areas, each with its content in words that follow a verb.</summary>
    private static readonly (string Name, string Content)[] Areas =
    [
        ("hospitals", "hospitals and departments"),
        (People, "users, doctors, patients and specialties"),
        ("appointments", "appointments and schedules"),
        (Clinical, "medical records and treatments"),
        ("audit", "the audit trail"),
        ("billing", "plans, subscriptions and invoices"),
        ("analytics", "statistics and reports"),
        (Chat, "guided prompts, their notifications and chat with the model"),
    ];

    private static readonly ScopeAction[] Actions = Enum.GetValues<ScopeAction>();

    private static readonly FrozenDictionary<(string Area, ScopeAction Action), Scope> ByAreaAndAction =
        (from area in Areas from action in Actions select (area, action)).ToFrozenDictionary(s => (s.area.Name, s.action), s => new Scope(
            $"{s.area.Name}.{GetName(s.action)}", $"{Describe(s.action)} {s.area.Content}.")
        {
            Bit = GetBit(s.area.Name, s.action),
            Granted = GetGranted(s.area.Name, s.action),
            GrantedWithClinical = GetGranted(s.area.Name, s.action),
        });

    /// <summary>Gets the scopes of every area, by area and action, whether or not anything requires them.</summary>
    internal static IEnumerable<Scope> InOrder => from area in Areas from action in Actions select ByAreaAndAction[(area.Name, action)];

    /// <summary>Gets the scopes that permit an action in all areas at once.</summary>
    internal static IEnumerable<Scope> OfAllAreas =>
        from action in Actions
        let all = Areas.Aggregate(0UL, (bits, area) => bits | GetGranted(area.Name, action))
        select new Scope($"medcor.{GetName(action)}", $"{Describe(action)} everything except medical records and treatments.")
        {
            Granted = all & ~GetGranted(Clinical, ScopeAction.Delete),
            GrantedWithClinical = all,
        };

    /// <summary>Returns the area of a service's resource, or of what else the service owns.</summary>
    internal static string GetName(string service, string? resource) => (service, resource) switch
    {
        ("hospital", _) => "hospitals",
        ("identity", _) => People,
        ("clinical", "medical_records" or "treatments" or "access_policy" or "access_policies" or "referrals" or "emergency_overrides"
            or "representatives") => Clinical,
        ("clinical", "audit_events") => "audit",
        ("clinical", _) => "appointments",
        _ => service,
    };

    internal static Scope Find(string area, ScopeAction action) =>
        ByAreaAndAction.TryGetValue((area, action), out var scope)
            ? scope
            : throw new InvalidOperationException($"There is no area of scopes named {area}. Add it with its content to {nameof(ScopeAreas)}.");

    private static string GetName(ScopeAction action) => action.ToString().ToLowerInvariant();

    private static string Describe(ScopeAction action) => action switch
    {
        ScopeAction.Read => "Read",
        ScopeAction.Write => "Read, create and change",
        _ => "Read, create, change, end and deactivate",
    };

    private static ulong GetBit(string area, ScopeAction action) => 1UL << (Array.FindIndex(Areas, a => a.Name == area) * Actions.Length + (int)action);

    private static ulong GetGranted(string area, ScopeAction action) => Actions.Where(a => a <= action).Aggregate(0UL, (bits, a) => bits | GetBit(area, a));
}

/// <summary>Lists the scopes, read once from the contracts.</summary>
public static class Scopes
{
    /// <summary>The scope that extends those of all areas at once to medical records and treatments. By itself it permits nothing.</summary>
    private static readonly Scope WithClinical =
        new("medcor.clinical", "Extends medcor.read, medcor.write and medcor.delete to medical records and treatments.");

    /// <summary>Gets the scope that reading the answers of chat calls requires.</summary>
    public static Scope ReadChat { get; } = Scope.Of(ScopeAreas.Chat, ScopeAction.Read);

    /// <summary>Gets the scope that starting and cancelling chat calls requires.</summary>
    public static Scope WriteChat { get; } = Scope.Of(ScopeAreas.Chat, ScopeAction.Write);

    /// <summary>Gets the scope that reading medical records and treatments requires.</summary>
    public static Scope ReadClinical { get; } = Scope.Of(ScopeAreas.Clinical, ScopeAction.Read);

    /// <summary>Gets the scope that creating and changing users requires.</summary>
    public static Scope WritePeople { get; } = Scope.Of(ScopeAreas.People, ScopeAction.Write);

    /// <summary>Gets all scopes: those that something requires, by area, and those of all areas at once.</summary>
    public static IReadOnlyList<Scope> All { get; } = [.. ScopeAreas.InOrder.Where(Required().Contains), .. ScopeAreas.OfAllAreas, WithClinical];

    private static readonly FrozenDictionary<string, Scope> ByName = All.ToFrozenDictionary(scope => scope.Name);

    /// <summary>Returns the scope with a name; null when there is none.</summary>
    public static Scope? Find(string name) => ByName.GetValueOrDefault(name);

    internal static bool ExtendToClinical(IEnumerable<Scope> scopes) => scopes.Contains(WithClinical);

    private static HashSet<Scope> Required() =>
    [
        .. ToolCatalogue.All.Values.Select(tool => tool.Scope), .. ResourceCatalogue.All.Values.Select(resource => resource.Scope),
        .. LiveResources.Scopes.Values, ReadChat, WriteChat,
    ];
}

/// <summary>Represents the scopes of an access token. What they permit is computed once.</summary>
public sealed class ScopeSet
{
    private readonly IReadOnlyList<Scope> _scopes;
    private readonly ulong _granted;

    private ScopeSet(IReadOnlyList<Scope> scopes)
    {
        var hasClinical = Scopes.ExtendToClinical(scopes);
        (_scopes, _granted) = (scopes, scopes.Aggregate(0UL, (bits, scope) => bits | (hasClinical ? scope.GrantedWithClinical : scope.Granted)));
    }

    /// <summary>Gets the scopes in the order of the text, each once.</summary>
    public IReadOnlyList<Scope> All => _scopes;

    /// <summary>Returns the scopes that a text names, separated by spaces. A text without any permits nothing.</summary>
    /// <param name="unknown">The names in the text that no scope has.</param>
    public static ScopeSet Parse(string text, out IReadOnlyList<string> unknown)
    {
        var names = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().ToArray();
        unknown = [.. names.Where(name => Scopes.Find(name) is null)];
        return new([.. names.Select(Scopes.Find).OfType<Scope>()]);
    }

    /// <summary>Returns whether the scopes permit what requires a scope of an area.</summary>
    public bool Covers(Scope required) => (_granted & required.Bit) != 0;

    /// <summary>Returns whether everything that another set permits is permitted.</summary>
    public bool Includes(ScopeSet other) => (other._granted & ~_granted) == 0;

    /// <summary>Returns those of some scopes that permit no more than this set.</summary>
    /// <param name="requested">The names of scopes. Unknown ones are left out.</param>
    public ScopeSet Narrow(IEnumerable<string> requested)
    {
        var scopes = requested.Distinct().Select(Scopes.Find).OfType<Scope>().Where(scope =>
            _scopes.Contains(scope) || (scope.Granted != 0 && Includes(new([scope])))).ToArray();
        var narrowed = new ScopeSet(scopes);
        return Includes(narrowed) ? narrowed : new([.. scopes.Where(_scopes.Contains)]);
    }

    /// <summary>Returns the names of the scopes, separated by spaces.</summary>
    public override string ToString() => string.Join(' ', _scopes.Select(scope => scope.Name));
}
