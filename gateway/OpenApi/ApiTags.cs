using MedCor.Contracts;

namespace MedCor.Gateway.OpenApi;

/// <summary>The tags of the OpenAPI document, in the order in which a reader needs them.</summary>
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
        ("Begin", Accounts, "Log in, stay logged in, log out."),
        .. from service in ServiceCatalogue.All select ("Tools", OfService(service.Name), service.Description),
        ("Other ways", CallingTools, "Tools by name, one or many at once."),
        ("Other ways", Resources, "Rows to read by address: filtered, sorted, cut to the fields that you want."),
        ("Other ways", Prompts, "Longer work, asked step by step."),
        ("Other ways", Events, "What happens, as it happens."),
        ("Other ways", Chat, "Questions to a chat model, answered once and read by any number."),
        ("Running it", Operation, "For monitors and programs."),
    ];

    /// <summary>Returns the tag of a service's tools.</summary>
    public static string OfService(string service) => service == "chat" ? "Prompt tools" : ServiceCatalogue.All.Single(s => s.Name == service).ProjectName;
}
