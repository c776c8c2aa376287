using MedCor.Contracts.Chat;

namespace MedCor.Chat.Prompts;

/// <summary>Represents how urgently a patient needs care, and which rule says so. It is not a diagnosis.</summary>
/// <param name="Level">The level, from 1 (at once) to 5 (can wait).</param>
/// <param name="DecisionPoint">The decision point of the index that decided, A to D.</param>
/// <param name="Rule">The condition that holds for the patient.</param>
internal sealed record Severity(int Level, string Name, string DecisionPoint, string Rule);

/// <summary>Represents an assessment with the further values that the rules need.</summary>
/// <param name="AgeDays">The age in days; null when only the age in years is known, which is then at least one.</param>
internal sealed record TriageAssessment(AssessSeverity Observations, int AgeMonths, int? AgeDays);

/// <summary>
/// Determines one of the five levels of the Emergency Severity Index by its decision points in order: the first rule that holds decides. Source: Gilboy
/// N, Tanabe P, Travers D, Rosenau AM: Emergency Severity Index (ESI), A Triage Tool for Emergency Department Care, Version 4, Implementation Handbook,
/// 2012 edition (AHRQ publication 12-0014), reissued by the Emergency Nurses Association in 2020; chapters 2 and 5 for the decision points, chapter 6
/// for fever in small children. Where the handbook has a clinician consider the higher level, that level is proposed; a clinician decides in any case.
/// The handbook names severe bradycardia, tachycardia, hypotension and hypoxia without figures. The figures here are, from the age of 16, those with the
/// highest score of NEWS2 (Royal College of Physicians 2017), except for slow rates, which healthy people can have up to the limit given here. Below that
/// age they are the heart rates above which PALS (American Heart Association 2020) suspects supraventricular tachycardia, pressures no higher than its
/// limits of hypotension, and a respiratory rate above the limit for newborns (WHO, IMCI 2014). At every age: an oxygen saturation below the handbook's
/// danger zone, moderate hypothermia (European Resuscitation Council 2021) and hyperpyrexia.
/// </summary>
internal static class SeverityIndex
{
    private static readonly (int Level, string Point, string Rule, Func<TriageAssessment, bool> Holds)[] Rules =
    [
        (1, "A", "no pulse", p => !p.Observations.HasPulse || p.Observations.HeartRate == 0),
        (1, "A", "not breathing", p => !p.Observations.IsBreathing || p.Observations.RespiratoryRate == 0),
        (1, "A", "no measurable blood pressure", p => p.Observations.SystolicBloodPressure == 0),
        (1, "A", "needs a life-saving intervention at once", p => p.Observations.LifeSavingIntervention),
        (1, "A", "severe respiratory distress", p => p.Observations.SevereRespiratoryDistress),
        (1, "A", "oxygen saturation below 90 %", p => p.Observations.OxygenSaturation < 90),
        (1, "A", "answers to pain only, or not at all (AVPU)", p => p.Observations.Consciousness is Consciousness.Pain or Consciousness.Unresponsive),
        (2, "B", "a situation of high risk", p => p.Observations.HighRisk is true),
        (2, "B", "high risk: heart rate below 40 per minute", p => p.Observations.HeartRate < 40),
        (2, "B", "high risk: heart rate too high at the age", p => p.Observations.HeartRate > HighestRates(p.AgeMonths).HeartRate),
        (2, "B", "high risk: respiratory rate below 8 per minute", p => p.Observations.RespiratoryRate < 8),
        (2, "B", "high risk: respiratory rate too high at the age", p => p.Observations.RespiratoryRate > HighestRates(p.AgeMonths).RespiratoryRate),
        (2, "B", "high risk: systolic blood pressure too low at the age", p => p.Observations.SystolicBloodPressure < LowestPressure(p.AgeMonths)),
        (2, "B", "high risk: oxygen saturation below 92 %", p => p.Observations.OxygenSaturation < 92),
        (2, "B", "high risk: temperature below 32.0 °C", p => p.Observations.Temperature < 32.0),
        (2, "B", "high risk: temperature above 41.5 °C", p => p.Observations.Temperature > 41.5),
        (2, "B", "newly confused, lethargic or disoriented", p => p.Observations.NewConfusion || p.Observations.Consciousness == Consciousness.Verbal),
        (2, "B", "severe pain, 7 or more of 10", p => p.Observations.Pain >= 7),
        (2, "B", "severe distress", p => p.Observations.SevereDistress is true),
        (2, "D", "fever above 38.0 °C within the first 28 days of life", p => p.AgeDays <= 28 && p.Observations.Temperature > 38.0),
        (2, "D", "fever above 38.0 °C below the age of three months", p => p.AgeMonths < 3 && p.Observations.Temperature > 38.0),
        (2, "D", "two or more resources, heart rate in the danger zone of the age",
            p => p.Observations.ExpectedResources >= 2 && p.Observations.HeartRate > DangerZone(p.AgeMonths).HeartRate),
        (2, "D", "two or more resources, respiratory rate in the danger zone of the age",
            p => p.Observations.ExpectedResources >= 2 && p.Observations.RespiratoryRate > DangerZone(p.AgeMonths).RespiratoryRate),
        (3, "C", "two or more resources, no vital sign in the danger zone", p => p.Observations.ExpectedResources >= 2),
        // Only when the number of expected resources is known: two or more may come with a vital sign in the danger zone, which is level 2.
        (3, "D", "fever above 39.0 °C below the age of three years",
            p => p.Observations.ExpectedResources is not null && p.AgeMonths < 36 && p.Observations.Temperature > 39.0),
        (4, "C", "one resource", p => p.Observations.ExpectedResources == 1),
        (5, "C", "no resource", p => p.Observations.ExpectedResources == 0),
    ];

    /// <summary>The rates, per minute, above which a vital sign is in the danger zone, by age. The first row whose bound is above the age applies.</summary>
    private static readonly (int BelowMonths, int HeartRate, int RespiratoryRate)[] DangerZones =
    [
        (3, 180, 50),
        (3 * 12, 160, 40),
        (8 * 12, 140, 30),
        (int.MaxValue, 100, 20),
    ];

    /// <summary>Gets the names of the levels, from 1 to 5.</summary>
    internal static IReadOnlyList<string> Names { get; } = ["Resuscitation", "Emergent", "Urgent", "Less urgent", "Non-urgent"];

    /// <summary>Returns the level and the rule that decided; null when no rule decides without the number of expected resources.</summary>
    internal static Severity? Assess(TriageAssessment patient)
    {
        foreach (var (level, point, rule, holds) in Rules)
            if (holds(patient)) return new(level, Names[level - 1], point, rule);
        return null;
    }

    /// <summary>Returns the systolic pressure, in mmHg, below which a patient is at high risk whatever the complaint.</summary>
    private static int LowestPressure(int months) => months switch { < 12 => 60, < 10 * 12 => 70, < 16 * 12 => 80, _ => 91 };

    /// <summary>Returns the rates, per minute, above which a patient is at high risk whatever the complaint.</summary>
    private static (int HeartRate, int RespiratoryRate) HighestRates(int months) => months switch { < 12 => (220, 60), < 16 * 12 => (180, 60), _ => (130, 24) };

    private static (int BelowMonths, int HeartRate, int RespiratoryRate) DangerZone(int months) => DangerZones.First(zone => months < zone.BelowMonths);
}
