using System.Text.Json;
using System.Text.RegularExpressions;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Unit.Contracts;

/// <summary>Tests by which exchanges an event may come to a program.</summary>
public sealed class BrokerAccessTests
{
    private static readonly UserErased Erased =
        new(Guid.NewGuid(), new(Guid.NewGuid(), IsPatient: true, Guid.NewGuid(), ActingRole.HospitalAdmin, Guid.NewGuid(), "a request"), Version: 2);

    [Theory]
    [InlineData("MedCor.Contracts.Identity:UserErased", "clinical", true)]
    [InlineData("analytics_from_identity", "analytics", true)]
    [InlineData("clinical", "clinical", true)]
    [InlineData("", "clinical", true)]
    [InlineData("MedCor.Contracts.Billing:InvoiceIssued", "analytics", false)]
    [InlineData("MedCor.Contracts:HistoryWanted", "clinical", false)]
    [InlineData("clinical_from_billing", "clinical", false)]
    [InlineData("billing", "clinical", false)]
    [InlineData("somewhere", "clinical", false)]
    public void An_event_comes_through_the_exchange_of_its_publisher(string exchange, string program, bool isGenuine) =>
        Assert.Equal(isGenuine, BrokerAccess.IsGenuine(Erased, exchange, program));

    [Theory]
    [InlineData("""[{"service": "billing"}]""", true)]
    [InlineData("""[{"service": "billing"}, {"service": "identity"}]""", false)]
    [InlineData("""[{"service": "clinical"}]""", false)]
    [InlineData("""[{"service": null}]""", false)]
    [InlineData("""[{}]""", false)]
    [InlineData("""[1]""", false)]
    [InlineData("{}", false)]
    public void A_service_sends_copies_of_its_own_audit_events(string events, bool isGenuine) =>
        Assert.Equal(isGenuine, BrokerAccess.IsGenuine(new AuditEventsRecorded(JsonElement.Parse(events)), "clinical_from_billing", "clinical"));

    [Fact]
    public void A_service_reports_the_end_of_its_own_replay()
    {
        Assert.True(BrokerAccess.IsGenuine(new HistoryTold(Guid.NewGuid(), "billing", 3), "analytics_from_billing", "analytics"));
        Assert.False(BrokerAccess.IsGenuine(new HistoryTold(Guid.NewGuid(), "identity", 3), "analytics_from_billing", "analytics"));
    }

    [Fact]
    public void Nobody_else_may_write_to_the_exchange_of_what_a_service_sends() => Assert.All(BrokerAccess.Programs, addressee =>
        Assert.All(BrokerAccess.GetSenders(addressee), sender => Assert.Equal([sender], BrokerAccess.Programs.Where(program =>
            Regex.IsMatch(BrokerAccess.GetExchange(sender, addressee), BrokerAccess.GetRights(program).Write)))));
}
