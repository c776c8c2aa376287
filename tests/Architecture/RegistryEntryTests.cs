using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace MedCor.Tests.Architecture;

/// <summary>Tests server.json, the entry of MedCor in the registry of MCP servers.</summary>
public sealed class RegistryEntryTests
{
    private static readonly JsonNode Entry = JsonNode.Parse(File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "server.json")))!;

    [Fact]
    public void The_entry_has_the_version_of_MedCor()
    {
        var properties = XDocument.Load(Path.Combine(MedCorFixture.RepositoryRoot(), "Directory.Build.props"));

        Assert.Equal(properties.Descendants("Version").Single().Value, (string?)Entry["version"]);
    }

    [Fact]
    public void The_entry_keeps_the_rules_of_the_registry()
    {
        Assert.Matches("^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$", (string?)Entry["name"]);
        Assert.InRange(((string)Entry["description"]!).Length, 1, 100);
        Assert.InRange(((string)Entry["title"]!).Length, 1, 100);
    }

    [Fact]
    public void The_entry_names_the_address_at_which_clients_connect()
    {
        var remote = Assert.Single(Entry["remotes"]!.AsArray())!;

        Assert.Equal(("streamable-http", "https://{host}/mcp"), ((string?)remote["type"], (string?)remote["url"]));
        Assert.True((bool)remote["variables"]!["host"]!["isRequired"]!);
    }
}
