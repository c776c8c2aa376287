using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Hospital;

namespace MedCor.Tests.Unit.Contracts;

public sealed class ContractSchemaTests
{
    [Fact]
    public void Every_tool_says_what_it_takes_and_what_it_gives()
    {
        foreach (var tool in ToolCatalogue.All.Values)
        {
            var (input, output) = (ContractSchema.ForInput(tool.Params), ContractSchema.ForOutput(tool.Result));

            Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string?)input["$schema"]);
            Assert.Equal("object", (string?)input["type"]);
            Assert.False((bool)input["additionalProperties"]!, tool.Name);
            Assert.Equal("object", (string?)output["type"]);
            Assert.NotEmpty(output["properties"]!.AsObject());
            Assert.NotEmpty(tool.Description);
        }
    }

    [Fact]
    public void No_parameter_and_no_field_is_left_without_a_type()
    {
        foreach (var tool in ToolCatalogue.All.Values)
            foreach (var schema in new[] { ContractSchema.ForInput(tool.Params), ContractSchema.ForOutput(tool.Result) })
                foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
                    Assert.True(property is JsonObject && (property["type"] ?? property["$ref"]) is not null, $"{tool.Name}: {name} has no type");
    }

    [Fact]
    public void Annotations_become_limits()
    {
        var properties = Properties<CreateHospital>();

        Assert.Equal(200, (int)properties["name"]!["maxLength"]!);
        Assert.Equal(1, (int)properties["name"]!["minLength"]!);
        Assert.Equal("email", (string?)properties["email"]!["format"]);
        Assert.Matches((string)properties["subdomain"]!["pattern"]!, " general\n");
        Assert.DoesNotMatch((string)properties["subdomain"]!["pattern"]!, "gene ral");
        Assert.Equal("UTC", (string?)properties["time_zone"]!["default"]);
        Assert.Equal(["string", "null"], properties["state"]!["type"]!.AsArray().Select(t => (string)t!));
    }

    [Fact]
    public void A_parameter_without_a_default_is_required_and_one_with_a_default_is_not()
    {
        var required = ContractSchema.ForInput(typeof(CreateHospital))["required"]!.AsArray().Select(n => (string)n!).ToArray();

        Assert.Contains("registration_number", required);
        Assert.DoesNotContain("state", required);
        Assert.DoesNotContain("time_zone", required);
    }

    [Fact]
    public void A_list_tells_how_it_is_paged()
    {
        var properties = Properties<ListHospitals>();

        Assert.Equal((1, 100, 20), ((int)properties["limit"]!["minimum"]!, (int)properties["limit"]!["maximum"]!, (int)properties["limit"]!["default"]!));
        Assert.Equal("The number of the page, starting at 1.", (string?)properties["page"]!["description"]);
    }

    [Fact]
    public void Fields_that_are_never_null_are_not_nullable_in_the_schema()
    {
        foreach (var type in (Type[])[typeof(MedCor.Contracts.Hospital.Hospital), typeof(UpdatedHospital)])
        {
            var schema = ContractSchema.ForOutput(type);
            Assert.Equal("integer", (string?)schema["properties"]!["max_open_patient_bookings"]!["type"]);
            Assert.Contains("max_open_patient_bookings", schema["required"]!.AsArray().Select(name => (string?)name));
        }
        Assert.Null(System.Text.Json.JsonSerializer.Deserialize<MedCor.Contracts.Hospital.Hospital>("{}", Json.Options)!.MaxOpenPatientBookings);
    }

    [Fact]
    public void Ids_dates_times_instants_and_choices_are_told_apart()
    {
        var properties = Properties<Sample>();

        Assert.Equal("uuid", (string?)properties["id"]!["format"]);
        Assert.Equal("date", (string?)properties["day"]!["format"]);
        Assert.Matches((string)properties["at"]!["pattern"]!, "14:00:00");
        Assert.DoesNotMatch((string)properties["at"]!["pattern"]!, "25:00:00");
        Assert.Equal("date-time", (string?)properties["since"]!["format"]);
        Assert.Equal(["ADMIN", "DOCTOR", "NURSE", "PATIENT", "RECEPTIONIST", null], properties["role"]!["enum"]!.AsArray().Select(t => (string?)t));
        Assert.Equal(["string", "null"], properties["role"]!["type"]!.AsArray().Select(t => (string)t!));
    }

    private static JsonNode Properties<T>() => ContractSchema.ForInput(typeof(T))["properties"]!;

    private sealed record Sample(Guid Id, DateOnly Day, TimeOnly At, DateTimeOffset Since, MedCor.Contracts.Role? Role = null);
}
