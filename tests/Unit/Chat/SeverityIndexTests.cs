using MedCor.Chat.Prompts;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.Unit.Chat;

/// <summary>Tests every rule of the Emergency Severity Index at its limits.</summary>
public sealed class SeverityIndexTests
{
    private const int Adult = 40 * 12, Sixteen = 16 * 12;

    /// <summary>Normal vital signs of an adult.</summary>
    private static readonly AssessSeverity Calm = new(HeartRate: 100, RespiratoryRate: 20, OxygenSaturation: 92);

    public static TheoryData<string, int, string> Clear => new()
    {
        { nameof(AssessSeverity.HasPulse), 1, "A" },
        { nameof(AssessSeverity.IsBreathing), 1, "A" },
        { nameof(AssessSeverity.LifeSavingIntervention), 1, "A" },
        { nameof(AssessSeverity.SevereRespiratoryDistress), 1, "A" },
        { nameof(AssessSeverity.HighRisk), 2, "B" },
        { nameof(AssessSeverity.NewConfusion), 2, "B" },
        { nameof(AssessSeverity.SevereDistress), 2, "B" },
    };

    [Theory, MemberData(nameof(Clear))]
    public void Immediate_criteria_decide_without_the_number_of_resources(string sign, int level, string point)
    {
        var seen = sign switch
        {
            nameof(AssessSeverity.HasPulse) => Calm with { HasPulse = false },
            nameof(AssessSeverity.IsBreathing) => Calm with { IsBreathing = false },
            nameof(AssessSeverity.LifeSavingIntervention) => Calm with { LifeSavingIntervention = true },
            nameof(AssessSeverity.SevereRespiratoryDistress) => Calm with { SevereRespiratoryDistress = true },
            nameof(AssessSeverity.HighRisk) => Calm with { HighRisk = true },
            nameof(AssessSeverity.NewConfusion) => Calm with { NewConfusion = true },
            _ => Calm with { SevereDistress = true },
        };

        Assert.Equal((level, point), Of(seen));
    }

    [Theory]
    [InlineData(0, null, null, "no pulse")]
    [InlineData(null, 0, null, "not breathing")]
    [InlineData(null, null, 0, "no measurable blood pressure")]
    [InlineData(0, 0, 0, "no pulse")]
    public void A_measured_zero_is_level_1_whatever_else_was_said(int? heartRate, int? respiratoryRate, int? pressure, string rule)
    {
        var seen = new AssessSeverity(HasPulse: true, IsBreathing: true, ExpectedResources: 0, HeartRate: heartRate, RespiratoryRate: respiratoryRate,
            SystolicBloodPressure: pressure, Temperature: 20.0);

        foreach (var months in new[] { 0, 60, Adult })
            Assert.Equal((1, "A", rule), SeverityIndex.Assess(new(seen, months, null)) is { } found ? (found.Level, found.DecisionPoint, found.Rule) : default);
    }

    [Theory]
    [InlineData(40, 39, Adult)]
    [InlineData(130, 131, Adult)]
    [InlineData(130, 131, Sixteen)]
    [InlineData(180, 181, Sixteen - 1)]
    [InlineData(180, 181, 12)]
    [InlineData(220, 221, 11)]
    public void A_heart_that_beats_far_too_slowly_or_fast_is_a_high_risk(int possible, int extreme, int months) =>
        HighRisk(Calm with { HeartRate = possible }, Calm with { HeartRate = extreme }, months);

    [Theory]
    [InlineData(8, 7, Adult)]
    [InlineData(24, 25, Adult)]
    [InlineData(24, 25, Sixteen)]
    [InlineData(60, 61, Sixteen - 1)]
    [InlineData(60, 61, 0)]
    public void Breath_that_is_far_too_slow_or_fast_is_a_high_risk(int possible, int extreme, int months) =>
        HighRisk(Calm with { RespiratoryRate = possible }, Calm with { RespiratoryRate = extreme }, months);

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(Adult)]
    public void Blood_with_far_too_little_oxygen_is_a_high_risk(int months) =>
        HighRisk(Calm with { OxygenSaturation = 92 }, Calm with { OxygenSaturation = 91 }, months);

    [Theory]
    [InlineData(32.0, 31.9)]
    [InlineData(41.5, 41.6)]
    public void A_body_that_is_far_too_cold_or_hot_is_a_high_risk(double possible, double extreme) =>
        HighRisk(Calm with { Temperature = possible }, Calm with { Temperature = extreme }, Adult);

    [Theory]
    [InlineData(0, 60)]
    [InlineData(11, 60)]
    [InlineData(12, 70)]
    [InlineData(119, 70)]
    [InlineData(120, 80)]
    [InlineData(Sixteen - 1, 80)]
    [InlineData(Sixteen, 91)]
    [InlineData(Adult, 91)]
    public void A_pressure_that_no_age_explains_is_a_high_risk(int months, int lowest) =>
        HighRisk(Calm with { SystolicBloodPressure = lowest }, Calm with { SystolicBloodPressure = lowest - 1 }, months);

    /// <summary>Asserts that a patient who needs no resources is at high risk beyond a limit, and not at the limit.</summary>
    private static void HighRisk(AssessSeverity atTheBound, AssessSeverity beyond, int months)
    {
        Assert.Equal((5, "C"), Of(atTheBound with { ExpectedResources = 0 }, months));
        Assert.Equal((2, "B"), Of(beyond with { ExpectedResources = 0 }, months));
        Assert.Equal((2, "B"), Of(beyond, months));
    }

    [Theory]
    [InlineData(Consciousness.Unresponsive, 1)]
    [InlineData(Consciousness.Pain, 1)]
    [InlineData(Consciousness.Verbal, 2)]
    [InlineData(Consciousness.Alert, 5)]
    public void Consciousness_decides(Consciousness awake, int level) =>
        Assert.Equal(level, Of(Calm with { Consciousness = awake, ExpectedResources = 0 }).Level);

    [Theory]
    [InlineData(89, 0, 1)]
    [InlineData(90, 0, 2)]
    [InlineData(91, 1, 2)]
    [InlineData(91, 2, 2)]
    [InlineData(92, 2, 3)]
    public void Oxygen_saturation_decides(int percent, int resources, int level) =>
        Assert.Equal(level, Of(Calm with { OxygenSaturation = percent, ExpectedResources = resources }).Level);

    [Theory]
    [InlineData(6, 5)]
    [InlineData(7, 2)]
    [InlineData(10, 2)]
    public void Pain_decides(int pain, int level) => Assert.Equal(level, Of(Calm with { Pain = pain, ExpectedResources = 0 }).Level);

    [Theory]
    [InlineData(0, 5, "C")]
    [InlineData(1, 4, "C")]
    [InlineData(2, 3, "C")]
    [InlineData(20, 3, "C")]
    public void Resources_decide(int resources, int level, string point) => Assert.Equal((level, point), Of(Calm with { ExpectedResources = resources }));

    [Theory]
    [InlineData(0, 180, 50)]
    [InlineData(2, 180, 50)]
    [InlineData(3, 160, 40)]
    [InlineData(35, 160, 40)]
    [InlineData(36, 140, 30)]
    [InlineData(95, 140, 30)]
    [InlineData(96, 100, 20)]
    [InlineData(1000, 100, 20)]
    public void The_danger_zone_begins_above_the_limits_of_the_age(int months, int heartRate, int respiratoryRate)
    {
        var calm = new AssessSeverity(ExpectedResources: 2, HeartRate: heartRate, RespiratoryRate: respiratoryRate, OxygenSaturation: 92);

        Assert.Equal((3, "C"), Of(calm, months));
        Assert.Equal((2, "D"), Of(calm with { HeartRate = heartRate + 1 }, months));
        Assert.Equal((2, "D"), Of(calm with { RespiratoryRate = respiratoryRate + 1 }, months));
        Assert.Equal((4, "C"), Of(calm with { HeartRate = heartRate + 1, ExpectedResources = 1 }, months));
    }

    [Theory]
    [InlineData(0, 28, 38.1, 2)]
    [InlineData(0, 28, 38.0, 5)]
    [InlineData(2, 80, 38.1, 2)]
    [InlineData(3, 95, 38.1, 5)]
    [InlineData(3, 95, 39.1, 3)]
    [InlineData(35, 1090, 39.1, 3)]
    [InlineData(35, 1090, 39.0, 5)]
    [InlineData(36, 1100, 40.0, 5)]
    public void Fever_of_small_children_decides(int months, int days, double temperature, int level) =>
        Assert.Equal(level, SeverityIndex.Assess(new(Calm with { HeartRate = 90, RespiratoryRate = 18, Temperature = temperature, ExpectedResources = 0 },
            months, days))!.Level);

    [Fact]
    public void Without_immediate_criteria_the_number_of_resources_is_required() => Assert.Null(SeverityIndex.Assess(new(Calm, Adult, null)));

    private static (int Level, string Point) Of(AssessSeverity seen, int months = Adult)
    {
        var severity = SeverityIndex.Assess(new(seen, months, null))!;
        Assert.NotEmpty(severity.Rule);
        Assert.Equal(SeverityIndex.Names[severity.Level - 1], severity.Name);
        return (severity.Level, severity.DecisionPoint);
    }
}
