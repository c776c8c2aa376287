using System.Reflection;
using System.Text.RegularExpressions;
using MedCor.Contracts;
using MedCor.Platform.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Tests.Unit.Platform;

/// <summary>Checks what holds for the handlers of all tools.</summary>
public sealed partial class ToolHandlerTests
{
    private static readonly Type[] Handlers =
        [.. from database in ServiceDatabases.All
            from type in database.Assembly.GetTypes()
            where type.GetInterfaces().Any(
                i => i.IsGenericType && (i.GetGenericTypeDefinition() == typeof(IToolHandler<,>) || i.GetGenericTypeDefinition() == typeof(IToolHandler<,,>)))
            select type];

    /// <summary>The first step of a call returns what the second one needs, so that the order of the two is the compiler's to check.</summary>
    [Fact]
    public void A_handler_has_no_field_that_a_call_can_change()
    {
        Assert.True(Handlers.Length > 30);
        Assert.Empty(from handler in Handlers
                     from field in handler.GetFields(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                     where !field.IsInitOnly && !field.IsLiteral && !ConstructorParameter().IsMatch(field.Name)
                     select $"{handler.Name}.{field.Name}");
    }

    [Fact]
    public void Only_a_read_of_one_entity_by_its_id_needs_no_handler_of_its_own()
    {
        var empty = typeof(ToolCatalogue).Assembly;
        var refused = ToolCatalogue.All.Values.Select(tool => tool.Service).Distinct()
            .SelectMany(service => Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddToolHandlers(empty, service)).Message.TrimEnd('.')
                .Split(": ")[1].Split(", "));

        Assert.Equal(
            ["get_appointment", "get_doctor_details", "get_hospital", "get_medical_record", "get_patient", "get_subscription", "get_treatment", "get_user"],
            ToolCatalogue.All.Keys.Except(refused));
    }

    /// <summary>The compiler's field of a primary constructor's parameter, which C# cannot declare read-only.</summary>
    [GeneratedRegex(@"^<\w+>P$")]
    private static partial Regex ConstructorParameter();
}
