using System.ComponentModel.DataAnnotations;
using MedCor.Identity.Hospitals;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Unit.Identity.Hospitals;

/// <summary>Tests the rules for platform administrators, whom the operator of MedCor configures and no hospital.</summary>
public class SignInPoliciesTests
{
    [Fact]
    public async Task Platform_administrators_sign_in_by_the_configured_rules()
    {
        var policy = await GetAsync(new()
        {
            PlatformRequiresSecondFactor = true, PlatformIdleMinutes = 15, PlatformMaxSessionHours = 12, PlatformStepUpMinutes = 5,
        });

        Assert.Equal([Role.Admin], policy.SecondFactorRoles);
        Assert.Equal((TimeSpan.FromMinutes(15), TimeSpan.FromHours(12), 5), (policy.IdleTimeout, policy.MaxLifetime, policy.StepUpMinutes!.Value));
    }

    [Fact]
    public async Task Without_configured_rules_they_have_the_defaults_of_a_hospital()
    {
        var policy = await GetAsync(new());

        Assert.Empty(policy.SecondFactorRoles);
        Assert.Equal((TimeSpan.FromDays(7), TimeSpan.FromDays(30), null), (policy.IdleTimeout, policy.MaxLifetime, policy.StepUpMinutes));
    }

    [Theory]
    [InlineData(4, 1, "Identity__PlatformIdleMinutes")]
    [InlineData(10081, 1, "Identity__PlatformIdleMinutes")]
    [InlineData(5, 0, "Identity__PlatformMaxSessionHours")]
    [InlineData(5, 721, "Identity__PlatformMaxSessionHours")]
    public void A_time_out_of_bounds_is_refused_by_its_name(int idle, int longest, string name)
    {
        var options = new PlatformPolicyOptions { PlatformIdleMinutes = idle, PlatformMaxSessionHours = longest };
        var errors = new List<ValidationResult>();

        Assert.False(Validator.TryValidateObject(options, new(options), errors, validateAllProperties: true));
        Assert.StartsWith(name, Assert.Single(errors).ErrorMessage, StringComparison.Ordinal);
    }

    private static Task<SignInPolicy> GetAsync(PlatformPolicyOptions options) =>
        new SignInPolicies(db: null!, new HostingEnvironment { EnvironmentName = Environments.Production }, Options.Create(options))
            .GetAsync(hospitalId: null, CancellationToken.None);
}
