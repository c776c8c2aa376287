using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.Encryption;
using MedCor.Platform.OperatorCommands;

namespace MedCor.Tests.Architecture;

/// <summary>Tests the operator commands of the services in the dashboard, as <c>AppHost/Program.cs</c> defines them.</summary>
public partial class OperatorCommandsTests
{
    private static readonly string[] Services = [.. ServiceCatalogue.All.Select(s => s.ProjectName)];

    /// <summary>
    /// Commands that need arguments or read input from the operator, for which the dashboard has no means; and copying to where the copies are kept.
    /// </summary>
    private static readonly string[] NotOffered =
    [
        "chat destroy-data-keys", "chat rotate-data-keys", "clinical copy-audit", "clinical destroy-data-keys", "clinical rotate-data-keys",
        "identity create-admin",
    ];

    [Fact]
    public void The_dashboard_offers_every_command_that_needs_nothing_typed_and_none_that_no_service_has()
    {
        var known = from service in Services
                    let own = Assembly.Load($"MedCor.{service}").GetTypes()
                    from type in (Type[])[.. own, .. typeof(IOperatorCommand).Assembly.GetTypes()]
                    where type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IOperatorCommand))
                    // Only services that store texts have keys.
                    where type.Namespace != typeof(RotateDataKeys).Namespace || own.Any(t => t.IsClass && t.IsAssignableTo(typeof(IEncryptedRow)))
                    select $"{service.ToLowerInvariant()} {((IOperatorCommand)RuntimeHelpers.GetUninitializedObject(type)).Name}";

        var model = File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "AppHost", "Program.cs"));
        var offered = from Match service in Service().Matches(model)
                      from Capture command in service.Groups["command"].Captures
                      select $"{service.Groups["name"].Value} {command.Value}";

        Assert.Equal(known.Except(NotOffered).Order(), offered.Order());
        Assert.Subset(known.ToHashSet(), NotOffered.ToHashSet());
    }

    [GeneratedRegex("""Service<Projects\.\w+>\("(?<name>\w+)"\)(?:\.WithServer\(\w+\))*(\s*\.WithOperatorCommand\("(?<command>[^"]+)"[^)]*\))*""")]
    private static partial Regex Service();
}
