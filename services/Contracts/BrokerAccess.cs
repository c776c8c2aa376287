using MedCor.Contracts.Billing;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;

namespace MedCor.Contracts;

/// <summary>
/// Lists what each program may do in RabbitMQ, where it has a login of its own, named after it. A program publishes the events of its own namespace, and
/// receives those that it handles, in its own queue. What it sends to one other program goes through an exchange that is theirs alone. It can receive no event
/// that it does not handle. It could put an event of another into an exchange that it may write to, so a receiver compares the event with the exchange, which
/// the broker names. It may declare and therefore delete the exchanges of what it handles, which MassTransit declares at both ends.
/// </summary>
public static class BrokerAccess
{
    private static readonly Type[] HospitalEvents = [typeof(HospitalCreated), typeof(HospitalUpdated), typeof(HospitalDeactivated)];
    private static readonly Type[] UserEvents = [typeof(UserCreated), typeof(UserUpdated), typeof(UserDeactivated)];
    private static readonly Type[] OfEveryService = [typeof(HistoryWanted), typeof(UserErased)];

    /// <summary>The service that receives copies of the audit events of all others.</summary>
    private static readonly string AuditKeeper = ToolCatalogue.ByParameterType[typeof(ListAuditEvents)].Service;

    private static readonly Lazy<Dictionary<string, HashSet<Type>>> Published =
        new(() => Programs.ToDictionary(program => program, program => GetPublishedEvents(program).ToHashSet()));

    /// <summary>The services by the exchanges of what they send to one program alone.</summary>
    private static readonly Lazy<Dictionary<string, string>> Senders = new(() => (
        from addressee in Programs
        from sender in GetSenders(addressee)
        select (Exchange: GetExchange(sender, addressee), Sender: sender)).ToDictionary(sent => sent.Exchange, sent => sent.Sender));

    /// <summary>Gets the programs that have a login.</summary>
    public static IReadOnlyList<string> Programs => ServiceCatalogue.Queues;

    /// <summary>Gets the services that have other services replay their entities, to them alone.</summary>
    public static IReadOnlyList<string> ReplayRequesters { get; } = ["analytics"];

    /// <summary>Returns the events that a program handles.</summary>
    public static IReadOnlyList<Type> GetHandledEvents(string program) => program switch
    {
        "hospital" => OfEveryService,
        "identity" => [.. HospitalEvents, typeof(PatientMergeApplied), .. OfEveryService],
        "billing" => [.. HospitalEvents, .. OfEveryService],
        "clinical" =>
        [
            .. HospitalEvents, .. UserEvents, typeof(DoctorUpdated), typeof(PatientsMerged), typeof(PatientsUnmerged), typeof(AuditEventsRecorded),
            .. OfEveryService,
        ],
        "chat" => [.. HospitalEvents, .. UserEvents, .. OfEveryService],
        "analytics" =>
        [
            .. HospitalEvents, .. UserEvents, typeof(DoctorUpdated), typeof(SpecialtyCreated), typeof(SpecialtyUpdated), typeof(DoctorScheduleSet),
            typeof(AppointmentCreated), typeof(AppointmentUpdated), typeof(InvoiceIssued), typeof(HistoryTold), .. OfEveryService,
        ],
        ServiceCatalogue.Gateway => LiveResources.Events,
        _ => throw new ArgumentException($"{program} has no queue.", nameof(program)),
    };

    /// <summary>Returns the events that a program publishes, without those of which they are kinds.</summary>
    public static IReadOnlyList<Type> GetPublishedEvents(string program)
    {
        var own = $"{typeof(IntegrationEvent).Namespace}.{ServiceCatalogue.All.FirstOrDefault(service => service.Name == program)?.ProjectName}";
        // Clinical reports to Identity which merges it has applied, and is sent the copies of audit events.
        Type[] others = [typeof(PatientMergeApplied), typeof(AuditEventsRecorded)];
        return
        [
            .. typeof(IntegrationEvent).Assembly.GetTypes()
                .Where(type => type.IsSubclassOf(typeof(IntegrationEvent)) && !type.IsAbstract && type.Namespace == own && !others.Contains(type)),
            .. program is "clinical" ? (Type[])[typeof(PatientMergeApplied)] : [],
            // Clinical has Analytics read its demo data.
            .. program is "analytics" or "clinical" ? (Type[])[typeof(HistoryWanted)] : [],
        ];
    }

    /// <summary>Returns whether a program publishes events of this type.</summary>
    public static bool Publishes(string program, Type integrationEvent) =>
        Published.Value.TryGetValue(program, out var events) && events.Contains(integrationEvent);

    /// <summary>Returns the services that send events to a program alone.</summary>
    public static IReadOnlyList<string> GetSenders(string program) =>
    [
        .. ServiceCatalogue.All.Where(sender => sender.Name != program && (program == AuditKeeper || (sender.CanReplay && ReplayRequesters.Contains(program))))
            .Select(sender => sender.Name),
    ];

    /// <summary>Returns the exchange through which events of this type are published. MassTransit has given it its name.</summary>
    public static string GetExchange(Type integrationEvent) => $"{integrationEvent.Namespace}:{integrationEvent.Name}";

    /// <summary>Returns the exchange of what a service sends to a program alone, to which nobody else may write.</summary>
    public static string GetExchange(string sender, string addressee) => $"{addressee}_from_{sender}";

    /// <summary>
    /// Returns whether an event that was put into an exchange, and that a program has received, is from who may publish or send it. Nobody but its publisher
    /// may write to the exchange of an event, nobody but the program itself to that of its queue, and nobody but the administrator to the default exchange,
    /// whose name is empty.
    /// </summary>
    public static bool IsGenuine(IntegrationEvent integrationEvent, string exchange, string program) =>
        exchange is "" || exchange == GetExchange(integrationEvent.GetType()) || exchange == program
        || (Senders.Value.TryGetValue(exchange, out var sender) && integrationEvent.MayBeSentBy(sender));

    /// <summary>Returns the rights of a program in the virtual host <c>/</c>.</summary>
    public static BrokerRights GetRights(string program)
    {
        var own = (string[])[program, $"{program}_error", $"{program}_skipped"];
        var published = GetPublishedEvents(program);
        // An exchange of an event passes on to those of its base types, which nobody receives from.
        var kinds = published.SelectMany(BaseTypes).Distinct();
        string[] sent = [.. Programs.Where(addressee => GetSenders(addressee).Contains(program)).Select(addressee => GetExchange(program, addressee))];
        string[] received = [.. GetSenders(program).Select(sender => GetExchange(sender, program))];
        var handled = GetHandledEvents(program);
        return new(
            Pattern([.. own, .. sent, .. received], [.. published, .. kinds, .. handled]),
            Pattern([.. own, .. sent], [.. published, .. kinds]),
            Pattern([.. own, .. received], [.. published, .. handled]));
    }

    private static IEnumerable<Type> BaseTypes(Type type)
    {
        for (var ancestor = type.BaseType; ancestor is not null && ancestor.IsAssignableTo(typeof(IntegrationEvent)); ancestor = ancestor.BaseType)
            yield return ancestor;
    }

    /// <summary>Returns a regular expression for names, and for the exchanges of events, which MassTransit names <c>Namespace:Type</c>.</summary>
    private static string Pattern(IEnumerable<string> names, IEnumerable<Type> events)
    {
        var exchanges = from type in events.Distinct()
                        group type.Name by type.Namespace! into types
                        orderby types.Key
                        select $"{types.Key.Replace(".", "[.]", StringComparison.Ordinal)}:({string.Join('|', types.Order(StringComparer.Ordinal))})";
        return $"^({string.Join('|', names.Distinct().Order(StringComparer.Ordinal).Concat(exchanges))})$";
    }
}

/// <summary>Represents what a login may do in a virtual host of RabbitMQ, as regular expressions for names of queues and exchanges.</summary>
/// <param name="Configure">What it may declare and delete.</param>
/// <param name="Write">What it may publish to, and bind to others.</param>
/// <param name="Read">What it may receive from, and be bound to.</param>
public sealed record BrokerRights(string Configure, string Write, string Read);
