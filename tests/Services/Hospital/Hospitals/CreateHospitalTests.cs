using System.Net;

namespace MedCor.Tests.Services.Hospital.Hospitals;

public sealed class CreateHospitalTests
{
    [Theory]
    [InlineData("DEMO-GENERAL")]
    [InlineData("demo-General")]
    public async Task A_registration_number_is_its_own_whatever_its_case(string number)
    {
        var (platform, name) = (await ApiClient.LogInShared("admin@medcor.example"), $"h{Guid.NewGuid():N}"[..20]);

        var answer = await platform.TryCall("create_hospital", new
        {
            name, subdomain = name, registration_number = number, email = $"office@{name}.example", phone_number = "+1-555-0100", address_line1 = "1 Way",
            city = "Here", country = "There", postal_code = "1", hospital_type = "General",
        });

        Assert.Equal((HttpStatusCode.Conflict, "registration_number"), (answer.Status, (string?)answer.Details!["field"]));
    }
}
