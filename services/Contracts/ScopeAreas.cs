using System.Collections.Frozen;

namespace MedCor.Contracts;

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
        ("clinical", "medical_records" or "treatments") => Clinical,
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
