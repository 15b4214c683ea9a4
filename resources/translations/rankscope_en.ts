<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>rankscope::ui::Document</name>
    <message numerus="yes">
        <source>%n layers</source>
        <translation>
            <numerusform>%n layer</numerusform>
            <numerusform>%n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Back to the rules for %n layer(s)</source>
        <translation>
            <numerusform>Back to the rules for %n layer</numerusform>
            <numerusform>Back to the rules for %n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Pin %n layer(s)</source>
        <translation>
            <numerusform>Pin %n layer</numerusform>
            <numerusform>Pin %n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Unpin %n layer(s)</source>
        <translation>
            <numerusform>Unpin %n layer</numerusform>
            <numerusform>Unpin %n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Your plan and %n result(s) of the last session are back.</source>
        <translation>
            <numerusform>Your plan and %n result of the last session are back.</numerusform>
            <numerusform>Your plan and %n results of the last session are back.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s) compressed and measured.</source>
        <translation>
            <numerusform>%n layer compressed and measured.</numerusform>
            <numerusform>%n layers compressed and measured.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 base for %n layer(s)</source>
        <translation>
            <numerusform>%1 base for %n layer</numerusform>
            <numerusform>%1 base for %n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>No base for %n layer(s)</source>
        <translation>
            <numerusform>No base for %n layer</numerusform>
            <numerusform>No base for %n layers</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::FileActions</name>
    <message numerus="yes">
        <source>%n jobs are not finished: %1. Stop them and close?</source>
        <translation>
            <numerusform>%n job is not finished: %1. Stop it and close?</numerusform>
            <numerusform>%n jobs are not finished: %1. Stop them and close?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::LayerGroups</name>
    <message numerus="yes">
        <source>%1 · %n layer(s)</source>
        <translation>
            <numerusform>%1 · %n layer</numerusform>
            <numerusform>%1 · %n layers</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::LayersPanel</name>
    <message numerus="yes">
        <source>%n layer(s)</source>
        <translation>
            <numerusform>%n layer</numerusform>
            <numerusform>%n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Step the rank of %n layers</source>
        <translation>
            <numerusform>Step the rank of %n layer</numerusform>
            <numerusform>Step the rank of %n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Half of break-even for %n layer(s)</source>
        <translation>
            <numerusform>Half of break-even for %n layer</numerusform>
            <numerusform>Half of break-even for %n layers</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::MethodBox</name>
    <message numerus="yes">
        <source>%n refinement step(s)</source>
        <translation>
            <numerusform>%n refinement step</numerusform>
            <numerusform>%n refinement steps</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::PlanPanel</name>
    <message numerus="yes">
        <source>%n rank(s)</source>
        <translation>
            <numerusform>%n rank</numerusform>
            <numerusform>%n ranks</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::PlanTools</name>
    <message numerus="yes">
        <source>Energy %1 for %n layer(s)</source>
        <translation>
            <numerusform>Energy %1 for %n layer</numerusform>
            <numerusform>Energy %1 for %n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Cosine %1 for %n layer(s)</source>
        <translation>
            <numerusform>Cosine %1 for %n layer</numerusform>
            <numerusform>Cosine %1 for %n layers</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s) stay dense: factors of that rank would save nothing there.</source>
        <translation>
            <numerusform>%n layer stays dense: factors of that rank would save nothing there.</numerusform>
            <numerusform>%n layers stay dense: factors of that rank would save nothing there.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s) stay dense: factors that reach the cosine would save nothing there.</source>
        <translation>
            <numerusform>%n layer stays dense: factors that reach the cosine would save nothing there.</numerusform>
            <numerusform>%n layers stay dense: factors that reach the cosine would save nothing there.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::RankPlot</name>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>and %n more</numerusform>
            <numerusform>and %n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::RuleListModel</name>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>and %n more</numerusform>
            <numerusform>and %n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::RulesPanel</name>
    <message numerus="yes">
        <source>Matches %n layer(s).</source>
        <translation>
            <numerusform>Matches %n layer.</numerusform>
            <numerusform>Matches %n layers.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n layer(s)</source>
        <translation>
            <numerusform>%n layer</numerusform>
            <numerusform>%n layers</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui::TotalsBar</name>
    <message numerus="yes">
        <source>%n layer(s) larger than before</source>
        <translation>
            <numerusform>%n layer larger than before</numerusform>
            <numerusform>%n layers larger than before</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rankscope::ui</name>
    <message numerus="yes">
        <source>%n layers are stored %1</source>
        <translation>
            <numerusform>%n layer is stored %1</numerusform>
            <numerusform>%n layers are stored %1</numerusform>
        </translation>
    </message>
</context>
</TS>
