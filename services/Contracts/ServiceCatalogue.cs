namespace MedCor.Contracts;

/// <summary>Describes a service of MedCor: a program with a database of its own, which the gateway calls.</summary>
/// <param name="Name">
/// The name, in lower case: the last part of its namespace in the contracts, its host in URLs, its queue, its role in PostgreSQL and its workload.
/// </param>
/// <param name="Description">What its tools are about, for the documentation.</param>
public sealed record MedCorService(string Name, string Description)
{
    /// <summary>Gets the name of its project, such as <c>Clinical</c>.</summary>
    public string ProjectName { get; } = char.ToUpperInvariant(Name[0]) + Name[1..];

    /// <summary>Gets whether other services can have it publish the current state of its entities again.</summary>
    public bool CanReplay { get; init; }
}

/// <summary>Lists the programs of which MedCor consists. See <c>docs/add-a-service.md</c> for what a new one needs.</summary>
public static class ServiceCatalogue
{
    /// <summary>The gateway, which has a queue but neither tools nor a database.</summary>
    public const string Gateway = "gateway";

    /// <summary>Gets the services, in the order in which a reader of the documentation needs them.</summary>
    public static IReadOnlyList<MedCorService> All { get; } =
    [
        new("hospital", "Hospitals, which are the tenants, and their departments.") { CanReplay = true },
        new("identity", "Users, doctors, patients, specialties.") { CanReplay = true },
        new("clinical", "Schedules, appointments, medical records, treatments.") { CanReplay = true },
        new("billing", "Plans, subscriptions, invoices.") { CanReplay = true },
        new("analytics", "Statistics of hospitals and doctors."),
        new("chat", "Guided tasks of several steps."),
    ];

    /// <summary>Gets the queues of integration events. Every program that consumes events has one, named after it.</summary>
    public static IReadOnlyList<string> Queues { get; } = [.. All.Select(s => s.Name), Gateway];
}
