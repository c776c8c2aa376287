using MedCor.Contracts;

namespace MedCor.Gateway.OpenApi;

/// <summary>Defines the tags of the OpenAPI document and the order in which the document lists them.</summary>
internal static class ApiTags
{
    public const string Accounts = "Accounts";
    public const string CallingTools = "Calling tools";
    public const string Resources = "Resources";
    public const string Prompts = "Prompts";
    public const string Events = "Events";
    public const string Chat = "Chat";
    public const string Operation = "Operation";

    /// <summary>Gets all tags with the groups that they belong to.</summary>
    public static IReadOnlyList<(string Group, string Name, string Description)> All { get; } =
    [
        ("Getting started", Accounts, "Log in, refresh the session, log out."),
        .. from service in ServiceCatalogue.All select ("Tools", OfService(service.Name), service.Description),
        ("Other APIs", CallingTools, "Call tools by name, one at a time or in a batch."),
        ("Other APIs", Resources, "Read entities by URL, with filters, sorting and field selection."),
        ("Other APIs", Prompts, "Complete tasks of several steps, guided step by step."),
        ("Other APIs", Events, "Receive changes in real time."),
        ("Other APIs", Chat, "Send questions to a chat model and stream the answers to any number of clients."),
        ("Operations", Operation, "Health checks, server information and this document."),
    ];

    /// <summary>Returns the tag of a service's tools.</summary>
    public static string OfService(string service) => service == "chat" ? "Prompt tools" : ServiceCatalogue.All.Single(s => s.Name == service).ProjectName;
}
